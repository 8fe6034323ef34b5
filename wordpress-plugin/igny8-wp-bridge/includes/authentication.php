<?php
/**
 * Lets in who has the site's key.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Authentication;

use WP_Error;
use WP_REST_Request;

const KEY_OPTION = 'igny8_api_key';

/**
 * The permission callback of every route.
 *
 * @param WP_REST_Request $request The request.
 * @return true|WP_Error
 */
function check_key( WP_REST_Request $request ) {
	if ( has_valid_key( $request ) ) {
		return true;
	}
	return new WP_Error( 'rest_forbidden', 'Invalid API key', array( 'status' => 401 ) );
}

/**
 * Whether the request carries the site's key in either of the two headers.
 *
 * Hosts often strip Authorization, so the engine sends both.
 *
 * @param WP_REST_Request $request The request.
 */
function has_valid_key( WP_REST_Request $request ): bool {
	$stored = get_option( KEY_OPTION, '' );
	if ( ! is_string( $stored ) || '' === trim( $stored ) ) {
		return false; // Before the site is connected nobody has the key.
	}

	$sent  = array( bearer_token( (string) $request->get_header( 'Authorization' ) ), (string) $request->get_header( 'X-IGNY8-API-Key' ) );
	$valid = false;
	foreach ( $sent as $key ) {
		$valid = ( '' !== $key && hash_equals( $stored, $key ) ) || $valid;
	}
	return $valid;
}

/**
 * The token of an Authorization header.
 *
 * @param string $header The header's value, empty where there is none.
 * @return string Empty unless the scheme is Bearer.
 */
function bearer_token( string $header ): string {
	return 0 === stripos( $header, 'Bearer ' ) ? substr( $header, 7 ) : '';
}
