<?php
/**
 * The steps of a rotation that need the engine, and what is left of one.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\KeyRotation;

/**
 * The keys that open the routes meanwhile.
 */
final class KeyRotationTest extends EngineTestCase {

	/**
	 * The next key is proved with the next key.
	 */
	public function test_prove(): void {
		$next = 'igny8_live_next-0123456789';
		update_option( 'igny8_next_api_key', $next );
		$answer = $this->send( 'POST', '/key/prove', array(), '{}', array( 'X-IGNY8-API-Key' => $next ) );
		$this->assertSame(
			array(
				'proved'  => true,
				'passing' => false,
				'message' => 'The connection works.',
			),
			$answer->get_data()
		);
		$options = $this->asked[0][1];
		$this->assertSame( array( $next, $next ), array( $options['headers']['X-IGNY8-API-Key'], json_decode( $options['body'], true )['api_key'] ) );
		$this->assertArrayNotHasKey( 'Prefer', $options['headers'] );
	}

	/**
	 * Whether to ask again may help.
	 *
	 * @testWith [503, true]
	 *           [429, true]
	 *           [401, false]
	 * @param int  $status  What the engine answers.
	 * @param bool $passing What the plugin says of that.
	 */
	public function test_not_proved( int $status, bool $passing ): void {
		$next = 'igny8_live_next-0123456789';
		update_option( 'igny8_next_api_key', $next );
		$this->answers['test-connection/'] = array( $status, array() );
		$told                              = $this->send( 'POST', '/key/prove', array(), '{}', array( 'X-IGNY8-API-Key' => $next ) )->get_data();
		$this->assertSame( array( false, $passing ), array( $told['proved'], $told['passing'] ) );
	}

	/**
	 * A switch that died before its last step is finished, and keeps the old key for its overlap.
	 */
	public function test_switch_that_died(): void {
		$next = 'igny8_live_next-0123456789';
		update_option( 'igny8_previous_api_key', self::KEY );
		update_option( 'igny8_previous_api_key_until', time() + 3600 );
		update_option( 'igny8_api_key', $next );
		update_option( 'igny8_next_api_key', $next );
		$headers = array(
			'X-IGNY8-API-Key' => $next,
			'Content-Type'    => 'application/json',
		);
		$this->assertSame( 200, $this->send( 'POST', '/key/switch', array(), '{"overlap_seconds": 60}', $headers )->get_status() );
		$this->assertSame( array( self::KEY, $next, false ), array( get_option( 'igny8_previous_api_key' ), get_option( 'igny8_api_key' ), get_option( 'igny8_next_api_key' ) ) );
	}

	/**
	 * A previous key is forgotten when its time is over.
	 */
	public function test_expiry(): void {
		update_option( 'igny8_previous_api_key', 'old-key-0123456789' );
		update_option( 'igny8_previous_api_key_until', time() + 60 );
		KeyRotation\forget_expired();
		$ask = fn(): int => $this->send( 'GET', '/status', array(), '', array( 'X-IGNY8-API-Key' => 'old-key-0123456789' ) )->get_status();
		$this->assertSame( 200, $ask() );
		update_option( 'igny8_previous_api_key_until', time() );
		$this->assertSame( 401, $ask() );
		KeyRotation\forget_expired();
		$this->assertFalse( get_option( 'igny8_previous_api_key' ) );
	}
}
