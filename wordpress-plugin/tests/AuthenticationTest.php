<?php
/**
 * Who is let in.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

/**
 * The key, in either of two headers.
 */
final class AuthenticationTest extends BridgeTestCase {

	/**
	 * Headers that open the door.
	 *
	 * @return array<string, array{0: array<string, string>}>
	 */
	public function good_headers(): array {
		return array(
			'own header'                    => array( array( 'X-IGNY8-API-Key' => self::KEY ) ),
			'bearer'                        => array( array( 'Authorization' => 'Bearer ' . self::KEY ) ),
			'scheme in small letters'       => array( array( 'Authorization' => 'bearer ' . self::KEY ) ),
			'both'                          => array(
				array(
					'Authorization'   => 'Bearer ' . self::KEY,
					'X-IGNY8-API-Key' => self::KEY,
				),
			),
			'right bearer, wrong own'       => array(
				array(
					'Authorization'   => 'Bearer ' . self::KEY,
					'X-IGNY8-API-Key' => 'wrong',
				),
			),
			'basic of a proxy, right own'   => array(
				array(
					'Authorization'   => 'Basic dXNlcjpwYXNz',
					'X-IGNY8-API-Key' => self::KEY,
				),
			),
		);
	}

	/**
	 * Headers that do not.
	 *
	 * @return array<string, array{0: array<string, string>}>
	 */
	public function bad_headers(): array {
		return array(
			'none'                     => array( array() ),
			'blank own'                => array( array( 'X-IGNY8-API-Key' => '' ) ),
			'space'                    => array( array( 'X-IGNY8-API-Key' => ' ' ) ),
			'blank bearer'             => array( array( 'Authorization' => 'Bearer ' ) ),
			'scheme alone'             => array( array( 'Authorization' => 'Bearer' ) ),
			'wrong'                    => array( array( 'X-IGNY8-API-Key' => 'wrong' ) ),
			'other case'               => array( array( 'X-IGNY8-API-Key' => strtoupper( self::KEY ) ) ),
			'start of the key'         => array( array( 'X-IGNY8-API-Key' => substr( self::KEY, 0, -1 ) ) ),
			'key and more'             => array( array( 'X-IGNY8-API-Key' => self::KEY . 'x' ) ),
			'key and space'            => array( array( 'X-IGNY8-API-Key' => self::KEY . ' ' ) ),
			'bearer in the own header' => array( array( 'X-IGNY8-API-Key' => 'Bearer ' . self::KEY ) ),
			'bearer twice'             => array( array( 'Authorization' => 'Bearer Bearer ' . self::KEY ) ),
			'bearer, two spaces'       => array( array( 'Authorization' => 'Bearer  ' . self::KEY ) ),
			'key without scheme'       => array( array( 'Authorization' => self::KEY ) ),
			'basic'                    => array( array( 'Authorization' => 'Basic ' . self::KEY ) ),
			'bearer behind basic'      => array( array( 'Authorization' => 'Basic x, Bearer ' . self::KEY ) ),
		);
	}

	/**
	 * The routes.
	 *
	 * @return array<string, array{0: string, 1: string}>
	 */
	public function routes(): array {
		return array(
			'status'       => array( 'GET', '/status' ),
			'publish'      => array( 'POST', '/publish' ),
			'publication'  => array( 'GET', '/publications/x' ),
			'publications' => array( 'GET', '/publications' ),
			'find media'   => array( 'GET', '/media' ),
			'push media'   => array( 'POST', '/media' ),
		);
	}

	/**
	 * The right key in either header is enough.
	 *
	 * @dataProvider good_headers
	 * @param array<string, string> $headers The headers.
	 */
	public function test_right_key( array $headers ): void {
		$this->assertSame( 200, $this->send( 'GET', '/status', array(), '', $headers )->get_status() );
	}

	/**
	 * Nothing else is.
	 *
	 * @dataProvider bad_headers
	 * @param array<string, string> $headers The headers.
	 */
	public function test_no_key_or_another( array $headers ): void {
		$response = $this->send( 'GET', '/status', array(), '', $headers );
		$this->assert_refused( 401, 'rest_forbidden', $response );
		$this->assertSame( 'Invalid API key', $response->get_data()['message'] );
	}

	/**
	 * Before a key is stored nobody has it, not even who sends nothing.
	 *
	 * @dataProvider bad_headers
	 * @param array<string, string> $headers The headers.
	 */
	public function test_no_stored_key( array $headers ): void {
		delete_option( 'igny8_api_key' );
		$this->assert_refused( 401, 'rest_forbidden', $this->send( 'GET', '/status', array(), '', $headers ) );
	}

	/**
	 * A blank stored key is no key.
	 */
	public function test_blank_stored_key(): void {
		foreach ( array( '', ' ' ) as $stored ) {
			update_option( 'igny8_api_key', $stored );
			foreach ( array( '', ' ' ) as $sent ) {
				$this->assert_refused( 401, 'rest_forbidden', $this->send( 'GET', '/status', array(), '', array( 'X-IGNY8-API-Key' => $sent ) ) );
			}
		}
	}

	/**
	 * A key in the address opens nothing.
	 */
	public function test_key_in_the_query(): void {
		$response = $this->send( 'GET', '/status', array( 'X-IGNY8-API-Key' => self::KEY ), '', array() );
		$this->assert_refused( 401, 'rest_forbidden', $response );
	}

	/**
	 * Every route asks for the key before it looks at anything else.
	 *
	 * @dataProvider routes
	 * @param string $method The HTTP method.
	 * @param string $path   The path.
	 */
	public function test_every_route_asks( string $method, string $path ): void {
		$this->assert_refused( 401, 'rest_forbidden', $this->send( $method, $path, array(), '', array() ) );
	}

	/**
	 * No page cache of the site may keep an answer, which it would hand out without a key; nor a refusal.
	 *
	 * @testWith [200, "test-key-0123456789"]
	 *           [401, "wrong"]
	 * @param int    $status What is answered.
	 * @param string $key    What is sent.
	 */
	public function test_kept_from_page_caches( int $status, string $key ): void {
		$before = did_action( 'litespeed_control_set_nocache' );
		$this->assertSame( $status, $this->send( 'GET', '/status', array(), '', array( 'X-IGNY8-API-Key' => $key ) )->get_status() );
		$this->assertGreaterThan( $before, did_action( 'litespeed_control_set_nocache' ) );
		$this->assertTrue( defined( 'DONOTCACHEPAGE' ) && DONOTCACHEPAGE );
	}

	/**
	 * A person who is logged in needs the key as well.
	 */
	public function test_administrator_without_key(): void {
		wp_set_current_user( 1 );
		$response = $this->send( 'GET', '/status', array(), '', array() );
		wp_set_current_user( 0 );
		$this->assert_refused( 401, 'rest_forbidden', $response );
	}
}
