<?php
/**
 * Events are sent in order, signed, and not lost.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Connection;
use Igny8\Bridge\Cron;
use Igny8\Bridge\Events;
use Igny8\Bridge\Outbox;
use Igny8\Bridge\Registration;
use Igny8\Bridge\Webhooks;
use WP_Error;

/**
 * The other side is `pre_http_request`: what the engine itself answers is tried in tests/workers/test_connected_wordpress.py.
 */
final class WebhooksTest extends BridgeTestCase {

	/**
	 * The requests that were made: address and arguments.
	 *
	 * @var array<int, array{0: string, 1: array<string, mixed>}>
	 */
	private $sent = array();

	/**
	 * What is answered to each request in turn, 202 when it is over: a status, or an error's text.
	 *
	 * @var array<int, int|string|array{0: int, 1: int}>
	 */
	private $answers = array();

	/**
	 * A registered site, and an engine that answers as told.
	 */
	protected function setUp(): void {
		parent::setUp();
		$this->register_site();
		$this->sent    = array();
		$this->answers = array();
		add_filter( 'pre_http_request', array( $this, 'answer' ), 10, 3 );
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
		$this->sent[] = array( $address, $options );
		$answer       = $this->answers[ count( $this->sent ) - 1 ] ?? 202;
		if ( is_string( $answer ) ) {
			return new WP_Error( 'http_request_failed', $answer );
		}
		list( $status, $wait ) = is_array( $answer ) ? $answer : array( $answer, 0 );
		return array(
			'headers'  => array( 'retry-after' => (string) $wait ),
			'body'     => '{"accepted": true, "detail": "so it was"}',
			'response' => array(
				'code'    => $status,
				'message' => '',
			),
			'cookies'  => array(),
		);
	}

	/**
	 * What was sent: post and number of each.
	 *
	 * @return array<int, array{0: int, 1: int}>
	 */
	private function sequences(): array {
		return array_map(
			static function ( array $request ): array {
				$body = json_decode( $request[1]['body'], true );
				return array( $body['post_id'], $body['sequence'] );
			},
			$this->sent
		);
	}

	/**
	 * The signature that a request must carry.
	 *
	 * @param array<string, mixed> $options The request.
	 */
	private function signature( array $options ): string {
		$headers = $options['headers'];
		$signed  = hash_hmac( 'sha256', $headers['webhook-id'] . '.' . $headers['webhook-timestamp'] . '.' . $options['body'], str_repeat( 's', 32 ), true );
		return 'v1,' . base64_encode( $signed );
	}

	/**
	 * An event is posted to the address of its kind, with both keys and a signature that fits.
	 */
	public function test_message(): void {
		$post_id = $this->publish_well( $this->document() );
		wp_set_post_terms( $post_id, array( 'sea' ), 'post_tag' );
		Events\note_metadata();
		$this->assertSame( 2, Webhooks\send( 5 ) );
		$this->assertSame( array( 'https://engine.example/status/', 'https://engine.example/metadata/' ), array_column( $this->sent, 0 ) );
		$options = $this->sent[0][1];
		$headers = $options['headers'];
		$this->assertSame( array( 'Bearer ' . self::KEY, self::KEY, 'application/json' ), array( $headers['Authorization'], $headers['X-IGNY8-API-Key'], $headers['Content-Type'] ) );
		$this->assertEqualsWithDelta( time(), (int) $headers['webhook-timestamp'], 5 );
		$this->assertSame( $this->signature( $options ), $headers['webhook-signature'] );
		$this->assertSame( array( 0, true ), array( $options['redirection'], $options['reject_unsafe_urls'] ) );
		$this->assertSame( 0, Outbox\count_waiting() );
	}

	/**
	 * The example of the Standard Webhooks specification.
	 */
	public function test_known_signature(): void {
		$signature = Webhooks\sign( 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', '{"test": 2432232314}' );
		$this->assertSame( 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', $signature );
	}

	/**
	 * A post's later event waits for its earlier one; other posts do not.
	 */
	public function test_order(): void {
		$first = $this->publish_well( $this->document() );
		wp_trash_post( $first );
		$second        = $this->publish_well( $this->document() );
		$this->answers = array( 500 );
		$this->assertSame( 1, Webhooks\send( 5 ) );
		$this->assertSame( array( array( $first, 1 ), array( $second, 1 ) ), $this->sequences() );

		$this->scalar( 'UPDATE {igny8_outbox} SET due_at = 0' );
		$this->assertSame( 2, Webhooks\send( 5 ) );
		$this->assertSame( array( array( $first, 1 ), array( $first, 2 ) ), array_slice( $this->sequences(), 2 ) );
	}

	/**
	 * The same event keeps its id and its bytes.
	 */
	public function test_again(): void {
		$this->publish_well( $this->document() );
		$this->answers = array( 500 );
		Webhooks\send( 5 );
		$this->scalar( 'UPDATE {igny8_outbox} SET due_at = 0' );
		Webhooks\send( 5 );
		list( $first, $again ) = array_column( $this->sent, 1 );
		$this->assertSame( array( $first['body'], $first['headers']['webhook-id'] ), array( $again['body'], $again['headers']['webhook-id'] ) );
	}

	/**
	 * What waits while the site moves goes out under its new address: another message, with another id, signed as it is sent.
	 */
	public function test_moved_site(): void {
		$this->publish_well( $this->document() );
		$this->scalar( "UPDATE {igny8_outbox} SET event_id = 'install.1.1.1'" );
		$this->answers = array( 500, 500 );
		$moved         = static fn(): string => 'https://moved.example';
		Webhooks\send( 5 );
		add_filter( 'pre_option_home', $moved );
		$this->scalar( 'UPDATE {igny8_outbox} SET due_at = 0' );
		Webhooks\send( 5 );
		$this->scalar( 'UPDATE {igny8_outbox} SET due_at = 0' );
		Webhooks\send( 5 );
		remove_filter( 'pre_option_home', $moved );

		list( $before, $after, $again ) = array_column( $this->sent, 1 );
		$body                           = json_decode( $before['body'], true );
		$this->assertSame( array_merge( $body, array( 'site_url' => 'https://moved.example' ) ), json_decode( $after['body'], true ) );
		$this->assertNotSame( $before['headers']['webhook-id'], $after['headers']['webhook-id'] );
		$this->assertSame( array( $after['body'], $after['headers']['webhook-id'] ), array( $again['body'], $again['headers']['webhook-id'] ) );
		$this->assertSame( $this->signature( $after ), $after['headers']['webhook-signature'] );
	}

	/**
	 * A request by the other scheme, such as cron's, is no move.
	 */
	public function test_the_other_scheme(): void {
		$known = set_url_scheme( home_url(), 'https' );
		update_option( 'igny8_registration', array( 'site_url' => $known ) + get_option( 'igny8_registration' ) );
		$this->publish_well( $this->document() );
		$id = $this->scalar( 'SELECT event_id FROM {igny8_outbox}' );
		Webhooks\send( 5 );
		$sent = $this->sent[0][1];
		$this->assertSame( array( $known, $id ), array( json_decode( $sent['body'], true )['site_url'], $sent['headers']['webhook-id'] ) );
	}

	/**
	 * What the engine may answer.
	 *
	 * @return array<string, array{0: int|string|array{0: int, 1: int}, 1: int, 2: int, 3: int}>
	 */
	public function outcomes(): array {
		return array(
			'accepted'          => array( 202, 0, 0, 0 ),
			'malformed'         => array( 400, 0, 0, 0 ),
			'too large'         => array( 413, 0, 0, 0 ),
			'wrong type'        => array( 415, 0, 0, 0 ),
			'unprocessable'     => array( 422, 0, 0, 0 ),
			'broken'            => array( 500, 1, 60, 0 ),
			'redirected'        => array( 308, 1, 60, 0 ),
			'conflict'          => array( 409, 1, 60, 0 ),
			'no such route'     => array( 404, 1, 60, 60 ),
			'forbidden'         => array( 403, 1, 60, 60 ),
			'not reachable'     => array( 'cURL error 7', 1, 60, 60 ),
			'asks to slow down' => array( array( 429, 200 ), 1, 200, 200 ),
			'away for long'     => array( array( 503, 999999 ), 1, 21600, 21600 ),
		);
	}

	/**
	 * After each answer: does the event wait, for how long, and does everything else?
	 *
	 * @dataProvider outcomes
	 * @param int|string|array<int, int> $answer  The answer.
	 * @param int                        $waiting How many events are left.
	 * @param int                        $wait    For how long, in seconds.
	 * @param int                        $pause   For how long nothing is sent, in seconds.
	 */
	public function test_outcome( $answer, int $waiting, int $wait, int $pause ): void {
		$this->publish_well( $this->document() );
		$this->answers = array( $answer );
		$now           = time();
		Webhooks\send( 5 );
		$this->assertSame( $waiting, Outbox\count_waiting() );
		$this->assertEqualsWithDelta( $wait, 0 === $wait ? 0 : Outbox\next_due() - $now, 3 );
		$this->assertEqualsWithDelta( $pause, max( 0, Webhooks\paused_until() - $now ), 3 );
	}

	/**
	 * A refused event is shown.
	 */
	public function test_refusal_is_kept(): void {
		$this->publish_well( $this->document() );
		$this->answers = array( 422 );
		Webhooks\send( 5 );
		$this->assertSame( 'so it was', get_option( Webhooks\REFUSED_OPTION )['why'] );
	}

	/**
	 * While the engine is away nothing more is asked of it, then less and less often.
	 */
	public function test_pause(): void {
		$this->publish_well( $this->document() );
		$this->publish_well( $this->document() );
		$this->answers = array_fill( 0, 12, 'away' );
		$waits         = array();
		for ( $try = 0; $try < 12; ++$try ) {
			Webhooks\send( 5 );
			Webhooks\send( 5 );
			$waits[] = Webhooks\paused_until() - time();
			$pause   = array( 'until' => 0 ) + Webhooks\kept_pause();
			update_option( Webhooks\PAUSE_OPTION, $pause );
			$this->scalar( 'UPDATE {igny8_outbox} SET due_at = 0' );
		}
		$this->assertCount( 12, $this->sent );
		foreach ( array( 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600, 21600, 21600 ) as $try => $wait ) {
			$this->assertEqualsWithDelta( $wait, $waits[ $try ], 3 );
		}
		Webhooks\send( 5 );
		$this->assertSame( array( 0, 0 ), array( Outbox\count_waiting(), Webhooks\paused_until() ) );
	}

	/**
	 * A key or secret that is refused makes the plugin register again, once an hour.
	 */
	public function test_refused_key(): void {
		$this->publish_well( $this->document() );
		$this->answers = array( 401, 200, 401 );
		Webhooks\send( 5 );
		delete_option( Webhooks\PAUSE_OPTION );
		$this->scalar( 'UPDATE {igny8_outbox} SET due_at = 0' );
		Webhooks\send( 5 );
		$this->assertSame( array( 'https://engine.example/status/', 'https://engine.example/api/plugins/igny8-wp-bridge/register/', 'https://engine.example/status/' ), array_column( $this->sent, 0 ) );
		$this->assertTrue( Registration\is_done() );
	}

	/**
	 * An event that another process is sending is left alone until its lease is over.
	 */
	public function test_lease(): void {
		$post_id = $this->publish_well( $this->document() );
		wp_trash_post( $post_id );
		$claimed = Outbox\claim();
		$this->assertSame( '1', (string) $claimed['sequence'] );
		$this->assertSame( 0, Webhooks\send( 5 ) );
		$this->scalar( 'UPDATE {igny8_outbox} SET due_at = 0' );
		$this->assertSame( 2, Webhooks\send( 5 ) );
	}

	/**
	 * Cron sends, and plans the next time.
	 */
	public function test_cron(): void {
		$this->publish_well( $this->document() );
		$this->publish_well( $this->document() );
		$this->answers = array( 202, 'away' );
		Cron\clear();
		do_action( Cron\SEND );
		$this->assertSame( 1, Outbox\count_waiting() );
		$this->assertEqualsWithDelta( time() + 60, wp_next_scheduled( Cron\SEND ), 3 );

		wp_clear_scheduled_hook( Cron\SEND );
		do_action( Cron\HOURLY ); // The plan was lost: this finds the event.
		$this->assertEqualsWithDelta( time() + 60, wp_next_scheduled( Cron\SEND ), 3 );
	}

	/**
	 * Whoever presses Sync now need not wait for the pause to end.
	 */
	public function test_made_due(): void {
		$this->publish_well( $this->document() );
		$this->answers = array( 'away' );
		Webhooks\send( 5 );
		delete_option( Webhooks\PAUSE_OPTION );
		$this->assertSame( 0, Webhooks\send( 5 ) );
		Outbox\make_due();
		$this->assertSame( 1, Webhooks\send( 5 ) );
	}

	/**
	 * With the switch off nothing is sent.
	 */
	public function test_switched_off(): void {
		$this->publish_well( $this->document() );
		update_option( Connection\ENABLED_OPTION, '' );
		$this->assertSame( array( 0, array() ), array( Webhooks\send( 5 ), $this->sent ) );
	}

	/**
	 * After 30 days an event is given up.
	 */
	public function test_old(): void {
		$this->publish_well( $this->document() );
		$this->publish_well( $this->document() );
		$old = time() - 31 * DAY_IN_SECONDS;
		$this->scalar( "UPDATE {igny8_outbox} SET created_at = $old ORDER BY post_id LIMIT 1" );
		Outbox\drop_old();
		$this->assertSame( 1, Outbox\count_waiting() );
	}

	/**
	 * A thousand saves while the engine is away: all arrive, each post's in order.
	 */
	public function test_a_thousand_saves(): void {
		$posts = array_map( fn(): int => $this->publish_well( $this->document() ), range( 1, 10 ) );
		Outbox\clear();
		$this->answers = array( 'away' );
		foreach ( range( 1, 100 ) as $round ) {
			foreach ( $posts as $post_id ) {
				$post = get_post( $post_id );
				Events\saved( $post_id, $post, true, $post );
			}
			Webhooks\send( 5 );
		}
		$this->assertSame( 1000, Outbox\count_waiting() );
		$this->assertCount( 1, $this->sent );

		$this->sent    = array();
		$this->answers = array();
		delete_option( Webhooks\PAUSE_OPTION );
		$this->scalar( 'UPDATE {igny8_outbox} SET due_at = 0' );
		$this->assertSame( 1000, Webhooks\send( 600 ) );
		$by_post = array();
		foreach ( $this->sequences() as list( $post_id, $sequence ) ) {
			$by_post[ $post_id ][] = $sequence;
		}
		foreach ( $posts as $post_id ) {
			$this->assertSame( range( 2, 101 ), $by_post[ $post_id ] );
		}
	}
}
