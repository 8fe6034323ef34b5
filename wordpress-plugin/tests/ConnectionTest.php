<?php
/**
 * Connecting, registering, pushing the structure, and what cron does of it.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Connection;
use Igny8\Bridge\Cron;
use Igny8\Bridge\Engine;
use Igny8\Bridge\KeyRotation;
use Igny8\Bridge\Outbox;
use Igny8\Bridge\Registration;
use Igny8\Bridge\Settings;
use Igny8\Bridge\SettingsPage;
use Igny8\Bridge\Structure;
use WP_Error;

/**
 * The other side is `pre_http_request`: what the engine itself answers is tried in tests/workers/test_connected_wordpress.py.
 */
final class ConnectionTest extends BridgeTestCase {

	const SECRET = 'whsec_c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M=';

	/**
	 * The requests that were made: method and path, and arguments.
	 *
	 * @var array<int, array{0: string, 1: array<string, mixed>}>
	 */
	private $asked = array();

	/**
	 * What is answered, by the end of the path: status and body.
	 *
	 * @var array<string, array{0: int, 1: array<string, mixed>}>
	 */
	private $answers = array();

	/**
	 * A site with all settings, and an engine that agrees to everything.
	 */
	protected function setUp(): void {
		parent::setUp();
		update_option( 'igny8_api_url', 'https://engine.example' );
		update_option( 'igny8_site_id', '7' );
		$this->asked   = array();
		$this->answers = array(
			'test-connection/'   => array(
				200,
				array(
					'success'        => true,
					'message'        => 'The connection works.',
					'integration_id' => 3,
					'layers'         => array(
						array(
							'layer'      => 'dns',
							'ok'         => true,
							'skipped'    => false,
							'whose'      => 'network',
							'message'    => '<b>Found</b>',
							'what_to_do' => '',
						),
						'junk',
					),
				),
			),
			'register/'          => array( 200, $this->registration() ),
			'update-structure/'  => array( 200, array( 'success' => true ) ),
			'integrations/'      => array( 200, array( 'results' => array( array( 'id' => 3 ) ) ) ),
		);
		add_filter( 'pre_http_request', array( $this, 'answer' ), 10, 3 );
	}

	/**
	 * A good answer to registering.
	 *
	 * @return array<string, mixed>
	 */
	private function registration(): array {
		return array(
			'installation_id' => 1,
			'integration_id'  => 3,
			'webhook_secret'  => self::SECRET,
			'webhooks'        => array(
				'status'   => 'https://engine.example/api/v1/integration/webhooks/wordpress/status/',
				'metadata' => '/api/v1/integration/webhooks/wordpress/metadata/',
			),
		);
	}

	/**
	 * Answers a request.
	 *
	 * @param mixed                $nothing False.
	 * @param array<string, mixed> $options The request.
	 * @param string               $address Its address.
	 * @return array<string, mixed>|WP_Error
	 */
	public function answer( $nothing, array $options, string $address ) {
		$parts         = wp_parse_url( $address );
		$this->asked[] = array( $options['method'] . ' ' . $parts['path'], $options );
		foreach ( $this->answers as $end => list( $status, $body ) ) {
			if ( substr( $parts['path'], -strlen( $end ) ) === $end ) {
				return array(
					'headers'  => array(),
					'body'     => (string) wp_json_encode( $body ),
					'response' => array(
						'code'    => $status,
						'message' => '',
					),
					'cookies'  => array(),
				);
			}
		}
		return new WP_Error( 'http_request_failed', 'Nobody is there.' );
	}

	/**
	 * Which requests were made.
	 *
	 * @return string[]
	 */
	private function paths(): array {
		return array_column( $this->asked, 0 );
	}

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
		$this->assertSame( array( 'post_types', 'taxonomies', 'plugin_connection_enabled', 'two_way_sync_enabled', 'timestamp' ), array_keys( $push ) );
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
	 * The integration is looked up where its id is unknown, and connected anew where it is gone.
	 */
	public function test_integration_is_found(): void {
		Structure\push_by_cron();
		$this->assertSame( array( 'GET /api/v1/integration/integrations/', 'POST /api/v1/integration/integrations/3/update-structure/' ), $this->paths() );
		$this->assertSame( '3', get_option( Engine\INTEGRATION_OPTION ) );

		$this->asked                        = array();
		$this->answers['update-structure/'] = array( 404, array( 'code' => 'integration_not_found' ) );
		$this->answers['integrations/']     = array( 200, array( 'results' => array() ) );
		Structure\push_by_cron();
		$this->assertFalse( get_option( Engine\INTEGRATION_OPTION ) );
		$this->answers['update-structure/'] = array( 200, array() );
		Structure\push_by_cron();
		$this->assertSame(
			array( 'POST …/3/update-structure/', 'GET …/', 'POST …/test-connection/', 'POST /api/plugins/igny8-wp-bridge/register/', 'POST …/3/update-structure/' ),
			str_replace( '/api/v1/integration/integrations', '…', $this->paths() )
		);
	}

	/**
	 * After a failure the structure is tried again: 1 minute, doubling to an hour, for a day.
	 */
	public function test_retries(): void {
		update_option( Engine\INTEGRATION_OPTION, '3' );
		$this->answers['update-structure/'] = array( 500, array() );
		$waits                              = array();
		for ( $try = 0; $try < 28; ++$try ) {
			do_action( 0 === $try ? Cron\DAILY : Cron\RETRY );
			$waits[] = wp_next_scheduled( Cron\RETRY ) - time();
		}
		foreach ( array( 60, 120, 240, 480, 960, 1920, 3600, 3600 ) as $try => $wait ) {
			$this->assertEqualsWithDelta( $wait, $waits[ $try ], 3 );
		}
		$this->assertGreaterThan( 20 * HOUR_IN_SECONDS, array_sum( $waits ) );
		$this->assertLessThan( 25 * HOUR_IN_SECONDS, array_sum( $waits ) );
		do_action( Cron\RETRY );
		$this->assertFalse( wp_next_scheduled( Cron\RETRY ) );
		do_action( Cron\DAILY );
		$this->assertEqualsWithDelta( time() + 60, wp_next_scheduled( Cron\RETRY ), 3 );

		$this->answers['update-structure/'] = array( 200, array() );
		do_action( Cron\RETRY );
		$this->assertFalse( get_option( Structure\FAILURES_OPTION ) );
	}

	/**
	 * The daily event is planned once the settings are there, and not before.
	 */
	public function test_plan(): void {
		delete_option( 'igny8_api_url' );
		Cron\plan();
		$this->assertFalse( wp_next_scheduled( Cron\DAILY ) );
		update_option( 'igny8_api_url', 'https://engine.example' );
		Cron\plan();
		$this->assertSame( array( 'daily', 'hourly' ), array( wp_get_schedule( Cron\DAILY ), wp_get_schedule( Cron\HOURLY ) ) );
	}

	/**
	 * With the switch off nothing is sent.
	 */
	public function test_switched_off(): void {
		update_option( Connection\ENABLED_OPTION, '' );
		$this->assertNotNull( Structure\push() );
		$this->assertSame( array(), $this->asked );
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
				'message' => 'The connection works.',
			),
			$answer->get_data()
		);
		$options = $this->asked[0][1];
		$this->assertSame( array( $next, $next ), array( $options['headers']['X-IGNY8-API-Key'], json_decode( $options['body'], true )['api_key'] ) );
		$this->assertArrayNotHasKey( 'Prefer', $options['headers'] );
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
	 * Other settings belong to somebody else: what was agreed before is forgotten.
	 */
	public function test_other_settings(): void {
		$this->register_site();
		$this->publish_well( $this->document() );
		$this->assertSame( 1, Outbox\count_waiting() );
		$_POST['option_page'] = Settings\PAGE;
		Settings\register();
		unset( $_POST['option_page'] );
		update_option( 'igny8_api_key', 'other-key-0123456789' );
		foreach ( array( 'api_url', 'api_key', 'site_id' ) as $name ) {
			remove_all_actions( "update_option_igny8_$name" );
		}
		$this->assertSame( array( false, 0 ), array( Registration\is_done(), Outbox\count_waiting() ) );
	}

	/**
	 * The button wants the right and the nonce.
	 */
	public function test_button(): void {
		$die = static function (): callable {
			return static function ( $message ): void {
				throw new \RuntimeException( is_string( $message ) ? $message : 'died' );
			};
		};
		add_filter( 'wp_die_handler', $die );
		$asked = array();
		foreach ( array( 0, get_user_by( 'login', 'editor' )->ID, 1 ) as $user_id ) {
			wp_set_current_user( $user_id );
			try {
				Settings\connect();
			} catch ( \RuntimeException $died ) {
				$asked[] = count( $this->asked );
			}
		}
		wp_set_current_user( 0 );
		remove_filter( 'wp_die_handler', $die );
		$this->assertSame( array( 0, 0, 0 ), $asked );
	}

	/**
	 * Types and taxonomies of other plugins are counted too, as plain text, and are off.
	 */
	public function test_other_types(): void {
		register_post_type(
			'walk',
			array(
				'public' => true,
				'label'  => '<b>Walks</b> &amp; more',
			)
		);
		register_taxonomy( 'area', 'walk', array( 'public' => true ) );
		register_post_type( 'secret', array( 'public' => false ) );
		wp_insert_post(
			array(
				'post_type'   => 'walk',
				'post_title'  => 'W',
				'post_status' => 'publish',
			)
		);
		$structure = json_decode( (string) wp_json_encode( Structure\gather() ), true );
		array_map( 'unregister_post_type', array( 'walk', 'secret' ) );
		unregister_taxonomy( 'area' );
		$this->assertSame(
			array(
				'label'        => 'Walks & more',
				'count'        => 1,
				'enabled'      => false,
				'fetch_limit'  => 100,
				'hierarchical' => false,
				'taxonomies'   => array( 'area' ),
				'public'       => true,
			),
			$structure['post_types']['walk']
		);
		$this->assertSame( array( 'walk' ), $structure['taxonomies']['area']['post_types'] );
		$this->assertArrayNotHasKey( 'secret', $structure['post_types'] );
		$this->assertArrayNotHasKey( 'attachment', $structure['post_types'] );
	}

	/**
	 * A deleted plugin leaves no table, no option and no plan; the posts keep their key.
	 */
	public function test_uninstall(): void {
		Connection\connect();
		$post_id = $this->publish_well( $this->document() );
		Cron\plan();
		set_transient( Registration\REFRESHED, 1, 60 );
		if ( ! defined( 'WP_UNINSTALL_PLUGIN' ) ) {
			define( 'WP_UNINSTALL_PLUGIN', 'igny8-wp-bridge/igny8-wp-bridge.php' );
		}
		require dirname( \Igny8\Bridge\PLUGIN_FILE ) . '/uninstall.php';
		$left = $this->scalar( "SELECT COUNT(*) FROM {options} WHERE option_name LIKE '%igny8%'" );
		$this->assertSame( '0', (string) $left );
		$this->assertFalse( \Igny8\Bridge\Database\has_tables() );
		foreach ( array( Cron\DAILY, Cron\HOURLY, Cron\SEND, Cron\RETRY ) as $event ) {
			$this->assertFalse( wp_next_scheduled( $event ) );
		}
		$this->assertNotSame( '', get_post_meta( $post_id, '_igny8_publication_key', true ) );
		\Igny8\Bridge\Database\install();
	}
}
