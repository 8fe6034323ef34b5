<?php
/**
 * Connecting: the test, registering, and what is kept of both.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Connection;
use Igny8\Bridge\Cron;
use Igny8\Bridge\Registration;
use Igny8\Bridge\Structure;

/**
 * Connect is pressed.
 */
final class ConnectionTest extends EngineTestCase {

	/**
	 * Connect tests, registers and pushes the structure, in this order.
	 */
	public function test_connect(): void {
		$this->assertTrue( Connection\connect() );
		$this->assertSame(
			array(
				'POST /api/v1/integration/integrations/test-connection/',
				'POST /api/plugins/igny8-wp-bridge/register/',
				'POST /api/v1/integration/integrations/3/update-structure/',
			),
			$this->paths()
		);
		$this->assertSame( Connection\READY, Connection\state()['state'] );
		$this->assertTrue( Registration\is_done() );
		$this->assertEqualsWithDelta( time(), get_option( Structure\LAST_OPTION ), 5 );
	}

	/**
	 * What each request says.
	 */
	public function test_bodies(): void {
		Connection\connect();
		list( $test, $register, $push ) = array_map( static fn( array $asked ): array => json_decode( $asked[1]['body'], true ), $this->asked );
		$this->assertSame(
			array(
				'site_id'  => 7,
				'api_key'  => self::KEY,
				'site_url' => home_url(),
			),
			$test
		);
		$this->assertSame( 'wait=10', $this->asked[0][1]['headers']['Prefer'] );
		$this->assertSame( array( 'site_id', 'site_url', 'version', 'wordpress_version', 'php_version' ), array_keys( $register ) );
		$this->assertSame( array( 'post_types', 'taxonomies', 'site', 'terms', 'plugin_connection_enabled', 'two_way_sync_enabled', 'timestamp' ), array_keys( $push ) );
		foreach ( $this->asked as list( , $options ) ) {
			$this->assertSame( 'Bearer ' . self::KEY, $options['headers']['Authorization'] );
		}
	}

	/**
	 * A refused key ends it there, with the engine's words.
	 */
	public function test_refused(): void {
		$this->answers['test-connection/'] = array(
			401,
			array(
				'success' => false,
				'message' => 'Invalid site or key.',
			),
		);
		$this->assertFalse( Connection\connect() );
		$this->assertCount( 1, $this->asked );
		$this->assertSame( array( Connection\FAILED, 'Invalid site or key.' ), array( Connection\state()['state'], Connection\state()['message'] ) );
	}

	/**
	 * An engine that is not there is said to be so.
	 */
	public function test_away(): void {
		$this->answers = array();
		$this->assertFalse( Connection\connect() );
		$this->assertStringContainsString( 'Nobody is there.', Connection\state()['message'] );
	}

	/**
	 * Without all three settings nothing is asked.
	 */
	public function test_incomplete(): void {
		delete_option( 'igny8_site_id' );
		$this->assertFalse( Connection\connect() );
		$this->assertSame( array(), $this->asked );
	}

	/**
	 * Answers to registering that are not used.
	 *
	 * @return array<string, array{0: array<string, mixed>}>
	 */
	public function bad_registrations(): array {
		return array(
			'no secret'     => array( array( 'webhook_secret' => null ) ),
			'short secret'  => array( array( 'webhook_secret' => 'whsec_abc' ) ),
			'no addresses'  => array( array( 'webhooks' => null ) ),
		);
	}

	/**
	 * Without a secret, or without addresses, the site is not connected.
	 *
	 * @dataProvider bad_registrations
	 * @param array<string, mixed> $fields What is wrong.
	 */
	public function test_bad_registration( array $fields ): void {
		$this->answers['register/'] = array( 200, $fields + $this->registration() );
		$this->assertFalse( Connection\connect() );
		$this->assertSame( array( false, Connection\FAILED ), array( Registration\is_done(), Connection\state()['state'] ) );
	}

	/**
	 * Wherever the engine says it is, webhooks go to the address that people entered.
	 */
	public function test_other_host(): void {
		$webhooks                   = array(
			'status'   => 'https://app.engine.example/a/status/?x=1',
			'metadata' => '//evil.example/a/metadata/',
		);
		$this->answers['register/'] = array( 200, array( 'webhooks' => $webhooks ) + $this->registration() );
		Connection\connect();
		$kept = Registration\kept()['webhooks'];
		$this->assertSame( array( 'https://engine.example/a/status/', 'https://engine.example/a/metadata/' ), array_values( $kept ) );
	}

	/**
	 * A right key of a site that the engine does not reach is no good connection, but registered.
	 */
	public function test_unreached(): void {
		$this->answers['test-connection/'][1] = array(
			'connected' => false,
			'message'   => 'The key is right. A firewall is in the way.',
		) + $this->answers['test-connection/'][1];
		$this->assertFalse( Connection\connect() );
		$this->assertTrue( Registration\is_done() );
		$state = Connection\state();
		$this->assertSame( array( Connection\FAILED, 'The key is right. A firewall is in the way.', 1 ), array( $state['state'], $state['message'], count( $state['layers'] ) ) );
	}

	/**
	 * A new version of the plugin registers itself.
	 */
	public function test_new_version(): void {
		$this->register_site();
		do_action( Cron\HOURLY );
		$this->assertSame( array(), $this->asked );
		update_option( Registration\OPTION, array( 'version' => '1.4.9' ) + Registration\kept() );
		do_action( Cron\HOURLY );
		$this->assertSame( array( 'POST /api/plugins/igny8-wp-bridge/register/' ), $this->paths() );
	}
}
