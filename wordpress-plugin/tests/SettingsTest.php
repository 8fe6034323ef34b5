<?php
/**
 * The settings: what may be typed, what becomes of other ones, and the buttons.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Connection;
use Igny8\Bridge\Cron;
use Igny8\Bridge\Engine;
use Igny8\Bridge\Outbox;
use Igny8\Bridge\Registration;
use Igny8\Bridge\Settings;
use Igny8\Bridge\SettingsPage;
use Igny8\Bridge\Webhooks;
use RuntimeException;

/**
 * What an administrator does, and who may.
 */
final class SettingsTest extends EngineTestCase {

	/**
	 * What the layers say is shown, without markup.
	 */
	public function test_page(): void {
		require_once ABSPATH . 'wp-admin/includes/admin.php';
		Connection\connect();
		wp_set_current_user( 1 );
		ob_start();
		SettingsPage\show();
		$page = (string) ob_get_clean();
		wp_set_current_user( 0 );
		foreach ( array( 'The connection works.', 'Connected and ready', 'Found', 'Test connection', 'Sync now', 'https://engine.example' ) as $text ) {
			$this->assertStringContainsString( $text, $page );
		}
		$this->assertStringNotContainsString( '<b>Found', $page );
		$this->assertStringNotContainsString( self::SECRET, $page );
		$this->assertStringNotContainsString( self::KEY, $page );
	}

	/**
	 * Addresses that may and may not be typed.
	 *
	 * @return array<string, array{0: string, 1: string, 2?: bool}>
	 */
	public function addresses(): array {
		return array(
			'https'            => array( 'https://api.igny8.com', 'https://api.igny8.com' ),
			'slash'            => array( ' https://API.igny8.com/ ', 'https://api.igny8.com' ),
			'port'             => array( 'https://api.igny8.com:8443', 'https://api.igny8.com:8443' ),
			'empty'            => array( '', '' ),
			'http, private on' => array( 'http://127.0.0.1:8000', 'http://127.0.0.1:8000', true ),
			'http'             => array( 'http://api.igny8.com', 'https://engine.example' ),
			'path'             => array( 'https://api.igny8.com/api/v1', 'https://engine.example' ),
			'query'            => array( 'https://api.igny8.com?x=1', 'https://engine.example' ),
			'login'            => array( 'https://a:b@api.igny8.com', 'https://engine.example' ),
			'no scheme'        => array( 'api.igny8.com', 'https://engine.example' ),
			'script'           => array( 'javascript:alert(1)', 'https://engine.example' ),
			'file'             => array( 'file:///etc/passwd', 'https://engine.example' ),
		);
	}

	/**
	 * A bad address leaves the stored one.
	 *
	 * @dataProvider addresses
	 * @param string $typed   What was typed.
	 * @param string $stored  What is stored.
	 * @param bool   $private Whether private addresses are allowed.
	 */
	public function test_address( string $typed, string $stored, bool $private = false ): void {
		require_once ABSPATH . 'wp-admin/includes/template.php';
		add_filter( 'igny8_allow_private_api', $private ? '__return_true' : '__return_false' );
		$this->assertSame( $stored, Settings\clean_address( $typed ) );
	}

	/**
	 * A private address is refused before a byte goes out, unless it is allowed.
	 */
	public function test_private_address(): void {
		remove_all_filters( 'pre_http_request' );
		update_option( 'igny8_api_url', 'http://localhost:9' );
		add_filter( 'igny8_allow_private_api', '__return_false' );
		// The site of these tests allows its own machine to everybody.
		add_filter( 'http_request_host_is_external', '__return_false', 99 );
		$this->assertStringNotContainsString( 'cURL', Engine\words( Engine\ask( 'GET', '/' ) ) );
		remove_filter( 'http_request_host_is_external', '__return_false', 99 );
		remove_all_filters( 'igny8_allow_private_api' );
		$this->assertStringContainsString( 'cURL error 7', Engine\words( Engine\ask( 'GET', '/' ) ) );
	}

	/**
	 * Saves one setting the way the page's form does.
	 *
	 * @param string $option The option.
	 * @param string $value  What was typed.
	 */
	private function save( string $option, string $value ): void {
		$_POST['option_page'] = Settings\PAGE;
		Settings\register();
		unset( $_POST['option_page'] );
		update_option( $option, $value );
		foreach ( array( 'api_url', 'api_key', 'site_id' ) as $name ) {
			remove_all_actions( "update_option_igny8_$name" );
		}
	}

	/**
	 * Settings that lead to somebody else.
	 *
	 * @return array<string, array{0: string, 1: string}>
	 */
	public function other_places(): array {
		return array(
			'another engine' => array( 'igny8_api_url', 'https://other.example' ),
			'another site'   => array( 'igny8_site_id', '8' ),
		);
	}

	/**
	 * What was agreed with another engine, or for another site, is forgotten, and what waits is not for them.
	 *
	 * @dataProvider other_places
	 * @param string $option The option.
	 * @param string $value  What was typed.
	 */
	public function test_other_place( string $option, string $value ): void {
		$this->register_site();
		$this->publish_well( $this->document() );
		$this->assertSame( 1, Outbox\count_waiting() );
		$this->save( $option, $value );
		$this->assertSame( array( false, 0 ), array( Registration\is_done(), Outbox\count_waiting() ) );
	}

	/**
	 * A new key for the same engine and site loses nothing: what waits goes out with it, and what happens meanwhile too.
	 */
	public function test_new_key(): void {
		$this->register_site();
		$this->answers['status/'] = array( 401, array( 'detail' => 'Unknown key.' ) );
		$post_id                  = $this->publish_well( $this->document() );
		Webhooks\send_by_cron();
		$this->assertGreaterThan( time(), Webhooks\paused_until() );

		$this->save( 'igny8_api_key', 'other-key-0123456789' );
		wp_update_post(
			array(
				'ID'         => $post_id,
				'post_title' => 'Edited before Connect was pressed',
			)
		);
		$this->assertSame( 2, Outbox\count_waiting() );

		$this->asked              = array();
		$this->answers['status/'] = array( 200, array() );
		Webhooks\send_by_cron();
		$this->assertSame( array( 0, 2 ), array( Outbox\count_waiting(), count( $this->asked ) ) );
		$this->assertSame( 'Bearer other-key-0123456789', $this->asked[0][1]['headers']['Authorization'] );
	}

	/**
	 * Without a key nothing is sent, nothing is planned, and nothing is lost.
	 */
	public function test_forgotten_key(): void {
		$this->register_site();
		$this->publish_well( $this->document() );
		$_POST[ Settings\FORGET_FIELD ] = '1';
		$this->save( 'igny8_api_key', '' );
		unset( $_POST[ Settings\FORGET_FIELD ] );
		$this->assertSame( '', get_option( 'igny8_api_key' ) );
		Cron\clear();
		Webhooks\send_by_cron();
		$this->assertSame( array( array(), 1, false ), array( $this->paths(), Outbox\count_waiting(), wp_next_scheduled( Cron\SEND ) ) );

		$this->save( 'igny8_api_key', 'other-key-0123456789' );
		$this->assertNotFalse( wp_next_scheduled( Cron\SEND ) );
	}

	/**
	 * Who presses, with which nonce, and whether it does anything.
	 *
	 * @return array<string, array{0: string, 1: bool, 2: bool}>
	 */
	public function people(): array {
		return array(
			'an administrator'                 => array( 'admin', true, true ),
			'an administrator without a nonce' => array( 'admin', false, false ),
			'an editor with a nonce of theirs' => array( 'editor', true, false ),
			'a visitor with a nonce'           => array( '', true, false ),
		);
	}

	/**
	 * Both buttons want the right and the nonce.
	 *
	 * @dataProvider people
	 * @param string $login      Who presses, empty for a visitor.
	 * @param bool   $has_nonce  Whether the form was theirs.
	 * @param bool   $is_pressed Whether anything happens.
	 */
	public function test_button( string $login, bool $has_nonce, bool $is_pressed ): void {
		foreach ( array( Settings\CONNECT, Settings\SYNC ) as $button ) {
			$this->asked = array();
			$outcome     = $this->press( $button, $login, $has_nonce );
			$this->assertSame( array( $is_pressed, $is_pressed ), array( 0 === strpos( $outcome, Settings\address() ), array() !== $this->asked ), "$button: $outcome" );
		}
	}

	/**
	 * Presses a button, and returns where it leads back to, or what it dies of.
	 *
	 * @param string $button    Its action.
	 * @param string $login     Who presses, empty for a visitor.
	 * @param bool   $has_nonce Whether the form was theirs.
	 */
	private function press( string $button, string $login = 'admin', bool $has_nonce = true ): string {
		require_once ABSPATH . 'wp-admin/includes/admin.php';
		$stop = static function ( $what ): void {
			throw new RuntimeException( is_string( $what ) ? $what : 'died' );
		};
		$die  = static fn(): callable => $stop;
		add_filter( 'wp_redirect', $stop );
		add_filter( 'wp_die_handler', $die );
		wp_set_current_user( '' === $login ? 0 : get_user_by( 'login', $login )->ID );
		$_REQUEST['_wpnonce'] = $has_nonce ? wp_create_nonce( $button ) : 'none';
		try {
			do_action( "admin_post_$button" );
			return 'nothing happened';
		} catch ( RuntimeException $stopped ) {
			return $stopped->getMessage();
		} finally {
			unset( $_REQUEST['_wpnonce'] );
			wp_set_current_user( 0 );
			remove_filter( 'wp_redirect', $stop );
			remove_filter( 'wp_die_handler', $die );
		}
	}

	/**
	 * The notice that the page will show.
	 */
	private function notice(): string {
		$notices = (array) get_transient( 'settings_errors' );
		delete_transient( 'settings_errors' );
		$GLOBALS['wp_settings_errors'] = array();
		return (string) end( $notices )['message'];
	}

	/**
	 * Connect says what came of it.
	 */
	public function test_connect_button(): void {
		$this->press( Settings\CONNECT );
		$this->assertSame( 'Connected to IGNY8.', $this->notice() );
		$this->answers = array();
		$this->press( Settings\CONNECT );
		$this->assertStringStartsWith( 'Failed to connect: ', $this->notice() );
	}

	/**
	 * Sync now pushes the structure, and sends what waits in spite of a pause.
	 */
	public function test_sync_now(): void {
		$this->register_site();
		$this->answers['status/'] = array( 503, array() );
		$this->publish_well( $this->document() );
		Webhooks\send_by_cron();
		$this->answers['status/'] = array( 200, array() );
		$this->asked              = array();

		$this->press( Settings\SYNC );
		$this->assertSame(
			array( 'GET /api/v1/integration/integrations/', 'POST /api/v1/integration/integrations/3/update-structure/', 'POST /status/' ),
			$this->paths()
		);
		$this->assertSame( array( 'post_types', 'taxonomies', 'site', 'terms' ), array_slice( array_keys( json_decode( $this->asked[1][1]['body'], true ) ), 0, 4 ) );
		$this->assertSame( array( 0, 'Site structure synced successfully.' ), array( Outbox\count_waiting(), $this->notice() ) );
	}

	/**
	 * A structure that was refused is told with the engine's words, and does not keep the events back.
	 */
	public function test_sync_now_that_is_refused(): void {
		$this->register_site();
		$this->publish_well( $this->document() );
		$this->answers['status/']           = array( 200, array() );
		$this->answers['update-structure/'] = array( 409, array( 'detail' => 'The site is switched off.' ) );
		$this->press( Settings\SYNC );
		$this->assertSame( 'The site structure was not synced: The site is switched off.', $this->notice() );
		$this->assertSame( 0, Outbox\count_waiting() );
	}
}
