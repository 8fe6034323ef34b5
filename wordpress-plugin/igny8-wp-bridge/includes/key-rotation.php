<?php
/**
 * POST /key/next, /key/prove and /key/switch: the engine gives the site another key.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\KeyRotation;

use Igny8\Bridge;
use Igny8\Bridge\Authentication;
use Igny8\Bridge\Connection;
use Igny8\Bridge\Replies;
use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

const KEY_PATTERN     = '/^[\x21-\x7e]{20,200}$/D';
const LONGEST_OVERLAP = 30 * DAY_IN_SECONDS;

/**
 * Hooks the routes.
 */
function setup(): void {
	add_action( 'rest_api_init', __NAMESPACE__ . '\\register_routes' );
}

/**
 * Registers the routes.
 */
function register_routes(): void {
	Bridge\register_route( '/key/next', 'POST', __NAMESPACE__ . '\\store_next' );
	Bridge\register_route( '/key/prove', 'POST', __NAMESPACE__ . '\\prove' );
	Bridge\register_route( '/key/switch', 'POST', __NAMESPACE__ . '\\switch_keys' );
}

/**
 * Stores the key that is to come; from now on both open the site.
 *
 * @param WP_REST_Request $request With the field `key`.
 */
function store_next( WP_REST_Request $request ): WP_REST_Response {
	$key = field( $request, 'key' );
	if ( null === $key ) {
		return Replies\refuse( Replies\missing_parameter( 'key' ) );
	}
	if ( ! is_string( $key ) || ! preg_match( KEY_PATTERN, $key ) ) {
		return Replies\refuse( Replies\invalid_parameter( 'key', '20 to 200 printable characters without spaces' ) );
	}
	if ( hash_equals( Authentication\current_key(), $key ) ) {
		return Replies\answer( array( 'state' => Authentication\CURRENT ) );
	}
	if ( ! Authentication\carries( $request, Authentication\CURRENT ) ) {
		return Replies\refuse( wrong_key( Authentication\CURRENT ) );
	}
	update_option( Authentication\NEXT_OPTION, $key, true );
	return Replies\answer( array( 'state' => Authentication\NEXT ) );
}

/**
 * Asks the engine whether it takes the key that is to come.
 *
 * @param WP_REST_Request $request The request.
 */
function prove( WP_REST_Request $request ): WP_REST_Response {
	if ( ! Authentication\carries( $request, Authentication\NEXT ) ) {
		return Replies\refuse( wrong_key( Authentication\NEXT ) );
	}
	$tested = Connection\test( Authentication\key_named( Authentication\NEXT ), 0 );
	return Replies\answer(
		array(
			'proved'  => $tested['success'],
			'passing' => ! $tested['success'] && $tested['is_passing'],
			'message' => $tested['message'],
		)
	);
}

/**
 * Makes the next key the key; the old one opens the site for a while.
 *
 * @param WP_REST_Request $request With the field `overlap_seconds`.
 */
function switch_keys( WP_REST_Request $request ): WP_REST_Response {
	$overlap = field( $request, 'overlap_seconds' );
	if ( null === $overlap ) {
		return Replies\refuse( Replies\missing_parameter( 'overlap_seconds' ) );
	}
	if ( ! is_int( $overlap ) || $overlap < 0 || $overlap > LONGEST_OVERLAP ) {
		return Replies\refuse( Replies\invalid_parameter( 'overlap_seconds', 'an integer from 0 to ' . LONGEST_OVERLAP ) );
	}
	if ( has_switched( $request ) ) {
		return Replies\replay( switched() );
	}
	if ( ! Authentication\carries( $request, Authentication\NEXT ) ) {
		return Replies\refuse( wrong_key( Authentication\NEXT ) );
	}
	rotate( $overlap );
	return Replies\answer( switched() );
}

/**
 * Makes the next key the current one, and that the previous one. A request that died in the middle is finished by the next one, and
 * the old key is not forgotten over it.
 *
 * @param int $overlap For how long the old key stays valid, in seconds.
 */
function rotate( int $overlap ): void {
	$next = Authentication\key_named( Authentication\NEXT );
	if ( Authentication\current_key() !== $next ) {
		update_option( Authentication\PREVIOUS_OPTION, Authentication\current_key(), true );
		update_option( Authentication\PREVIOUS_UNTIL_OPTION, time() + $overlap, true );
		update_option( Authentication\KEY_OPTION, $next, true );
	}
	delete_option( Authentication\NEXT_OPTION );
}

/**
 * Whether the switch was done before, and this is its repetition.
 *
 * @param WP_REST_Request $request The request.
 */
function has_switched( WP_REST_Request $request ): bool {
	return '' === Authentication\key_named( Authentication\NEXT )
		&& (int) get_option( Authentication\PREVIOUS_UNTIL_OPTION, 0 ) > 0
		&& Authentication\carries( $request, Authentication\CURRENT );
}

/**
 * What is answered to a switch.
 *
 * @return array{state: string, previous_valid_until: string}
 */
function switched(): array {
	return array(
		'state'                => Authentication\CURRENT,
		'previous_valid_until' => gmdate( 'Y-m-d\TH:i:s\Z', (int) get_option( Authentication\PREVIOUS_UNTIL_OPTION, 0 ) ),
	);
}

/**
 * Forgets a previous key whose time is over.
 */
function forget_expired(): void {
	if ( false !== get_option( Authentication\PREVIOUS_OPTION ) && '' === Authentication\key_named( Authentication\PREVIOUS ) ) {
		delete_option( Authentication\PREVIOUS_OPTION );
	}
}

/**
 * A field of the JSON body.
 *
 * @param WP_REST_Request $request The request.
 * @param string          $name    Its name.
 * @return mixed Null where it is missing.
 */
function field( WP_REST_Request $request, string $name ) {
	$body = $request->get_json_params();
	return is_array( $body ) ? ( $body[ $name ] ?? null ) : null;
}

/**
 * A valid key, but not the one this step wants.
 *
 * @param string $wanted CURRENT or NEXT.
 */
function wrong_key( string $wanted ): WP_Error {
	return Replies\error( 'igny8_wrong_key', 403, "This step wants the $wanted key." );
}
