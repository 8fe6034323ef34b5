<?php
/**
 * The connection to the engine: tested, made, and what is known of it.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Connection;

use Igny8\Bridge\Authentication;
use Igny8\Bridge\Cron;
use Igny8\Bridge\Engine;
use Igny8\Bridge\Layers;
use Igny8\Bridge\Outbox;
use Igny8\Bridge\Registration;
use Igny8\Bridge\Structure;
use Igny8\Bridge\Webhooks;

const STATE_OPTION   = 'igny8_connection';
const ENABLED_OPTION = 'igny8_connection_enabled';
const TWO_WAY_OPTION = 'igny8_two_way_sync_enabled';
const TEST_PATH      = '/api/v1/integration/integrations/test-connection/';
const WAIT_SECONDS   = 10;

const NOT_CONNECTED = 'not_connected';
const CONNECTED     = 'connected';
const READY         = 'ready';
const FAILED        = 'error';

/**
 * Whether the switch for what the plugin sends is on; it is until somebody turns it off.
 */
function is_enabled(): bool {
	return (bool) get_option( ENABLED_OPTION, '1' );
}

/**
 * Whether the site's people want changes to go both ways.
 */
function wants_two_way(): bool {
	return (bool) get_option( TWO_WAY_OPTION, '' );
}

/**
 * Asks the engine whether it takes a key for this site.
 *
 * @param string      $key     The key.
 * @param int         $wait    How many seconds the engine may look at this site before it answers, 0 for not at all.
 * @param string|null $address The site's address, null for the one it is known by.
 * @return array{success: bool, message: string, is_passing: bool, is_reached: bool, layers: array<int, array<string, mixed>>, integration_id: int|string|null}
 *         `is_passing` tells that it may answer otherwise later; `is_reached` is false where the engine knows the key but cannot reach this site.
 */
function test( string $key, int $wait, ?string $address = null ): array {
	$answer = Engine\ask(
		'POST',
		TEST_PATH,
		array(
			'site_id'  => Engine\site_id(),
			'api_key'  => $key,
			'site_url' => $address ?? Registration\site_url(),
		),
		array(
			'key'     => $key,
			'headers' => $wait > 0 ? array( 'Prefer' => "wait=$wait" ) : array(),
			'timeout' => Engine\TIMEOUT_SECONDS + $wait,
		)
	);
	$body   = is_wp_error( $answer ) ? array() : $answer['body'];
	$id     = $body['integration_id'] ?? null;
	return array(
		'success'        => Engine\is_good( $answer ) && true === ( $body['success'] ?? null ),
		'message'        => Engine\words( $answer ),
		'is_passing'     => ! is_wp_error( $answer ) && ( 429 === $answer['status'] || $answer['status'] >= 500 ),
		'is_reached'     => false !== ( $body['connected'] ?? null ),
		'layers'         => Layers\clean( $body['layers'] ?? array() ),
		'integration_id' => is_int( $id ) || is_string( $id ) ? $id : null,
	);
}

/**
 * Connects: test, register, push the structure. What came of it is kept for the page.
 *
 * @return bool Whether the engine took the key, knows the installation, and reaches this site.
 */
function connect(): bool {
	if ( ! Engine\is_known() ) {
		keep( NOT_CONNECTED, __( 'Address, key and site id are needed to connect.', 'igny8-wp-bridge' ) );
		return false;
	}
	$tested = test( Authentication\current_key(), WAIT_SECONDS, home_url() );
	if ( ! $tested['success'] ) {
		keep( FAILED, $tested['message'], $tested['layers'] );
		return false;
	}
	if ( null !== $tested['integration_id'] ) {
		update_option( Engine\INTEGRATION_OPTION, (string) $tested['integration_id'] );
	}
	$refused = Registration\register( home_url() );
	if ( null !== $refused ) {
		keep( FAILED, $refused, $tested['layers'] );
		return false;
	}
	keep( CONNECTED, $tested['message'], $tested['layers'] );
	Structure\push();
	if ( ! $tested['is_reached'] ) {
		keep( FAILED, $tested['message'], $tested['layers'] );
	}
	return $tested['is_reached'];
}

/**
 * What is known of the connection.
 *
 * @return array{state: string, message: string, layers: array<int, array<string, mixed>>, at: int}
 */
function state(): array {
	$kept = get_option( STATE_OPTION, array() );
	return ( is_array( $kept ) ? $kept : array() ) + array(
		'state'   => NOT_CONNECTED,
		'message' => '',
		'layers'  => array(),
		'at'      => 0,
	);
}

/**
 * Keeps what is known of the connection.
 *
 * @param string                           $state   NOT_CONNECTED, CONNECTED, READY or FAILED.
 * @param string                           $message In words.
 * @param array<int, array<string, mixed>> $layers  What the test found, layer by layer.
 */
function keep( string $state, string $message, array $layers = array() ): void {
	update_option(
		STATE_OPTION,
		array(
			'state'   => $state,
			'message' => $message,
			'layers'  => $layers,
			'at'      => time(),
		),
		false
	);
}

/**
 * Notes that the structure has arrived: there is nothing more to do.
 */
function become_ready(): void {
	$state = state();
	if ( CONNECTED === $state['state'] ) {
		update_option( STATE_OPTION, array( 'state' => READY ) + $state, false );
	}
}

/**
 * Forgets the engine, but for what the settings say: at another address, or of another site, all else is of somebody else.
 */
function forget(): void {
	Registration\forget();
	Outbox\clear();
	delete_option( Engine\INTEGRATION_OPTION );
	forget_state();
}

/**
 * Goes on with a new key for the same engine and site: what waits is still for them, and goes out with that key.
 */
function follow_key(): void {
	Registration\may_refresh();
	Outbox\make_due();
	forget_state();
	Cron\send_at( time() );
}

/**
 * Forgets what the last test said, why nothing is sent, and the keys of a rotation.
 */
function forget_state(): void {
	foreach ( array( STATE_OPTION, Webhooks\PAUSE_OPTION, Authentication\NEXT_OPTION, Authentication\PREVIOUS_OPTION, Authentication\PREVIOUS_UNTIL_OPTION ) as $option ) {
		delete_option( $option );
	}
}
