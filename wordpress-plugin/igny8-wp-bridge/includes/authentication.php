<?php
/**
 * Lets in who has the site's key, and knows which of the keys it is while one is rotated.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Authentication;

use WP_Error;
use WP_REST_Request;

const KEY_OPTION            = 'igny8_api_key';
const NEXT_OPTION           = 'igny8_next_api_key';
const PREVIOUS_OPTION       = 'igny8_previous_api_key';
const PREVIOUS_UNTIL_OPTION = 'igny8_previous_api_key_until';

const CURRENT  = 'current';
const NEXT     = 'next';
const PREVIOUS = 'previous';

/**
 * The permission callback of every route.
 *
 * @param WP_REST_Request $request The request.
 * @return true|WP_Error
 */
function check_key( WP_REST_Request $request ) {
	keep_from_page_caches();
	if ( has_valid_key( $request ) ) {
		return true;
	}
	return new WP_Error( 'rest_forbidden', 'Invalid API key', array( 'status' => 401 ) );
}

/**
 * Tells the plugins that cache pages to leave our answers alone.
 *
 * Some keep what is read through the REST API too, without regard to its headers, and would hand
 * it out to whoever asks without a key.
 */
function keep_from_page_caches(): void {
	do_action( 'litespeed_control_set_nocache', 'igny8' ); // LiteSpeed Cache's own.
	if ( ! defined( 'DONOTCACHEPAGE' ) ) {
		define( 'DONOTCACHEPAGE', true );
	}
}

/**
 * Whether the request carries a key of the site in either of the two headers.
 *
 * Hosts often strip Authorization, so the engine sends both.
 *
 * @param WP_REST_Request $request The request.
 */
function has_valid_key( WP_REST_Request $request ): bool {
	if ( '' === current_key() ) {
		return false; // Before the site is connected nobody has the key.
	}
	$valid = false;
	foreach ( array( CURRENT, NEXT, PREVIOUS ) as $which ) {
		$valid = carries( $request, $which ) || $valid;
	}
	return $valid;
}

/**
 * Whether the request carries one certain key.
 *
 * @param WP_REST_Request $request The request.
 * @param string          $which   CURRENT, NEXT or PREVIOUS.
 */
function carries( WP_REST_Request $request, string $which ): bool {
	$stored = key_named( $which );
	$fits   = false;
	foreach ( array( bearer_token( (string) $request->get_header( 'Authorization' ) ), (string) $request->get_header( 'X-IGNY8-API-Key' ) ) as $sent ) {
		$fits = ( '' !== $sent && '' !== $stored && hash_equals( $stored, $sent ) ) || $fits;
	}
	return $fits;
}

/**
 * The key that the site and the engine share, empty where there is none.
 */
function current_key(): string {
	return key_named( CURRENT );
}

/**
 * One of the keys; the previous one only while it is valid.
 *
 * @param string $which CURRENT, NEXT or PREVIOUS.
 * @return string Empty where there is none.
 */
function key_named( string $which ): string {
	if ( PREVIOUS === $which && (int) get_option( PREVIOUS_UNTIL_OPTION, 0 ) <= time() ) {
		return '';
	}
	$options = array(
		CURRENT  => KEY_OPTION,
		NEXT     => NEXT_OPTION,
		PREVIOUS => PREVIOUS_OPTION,
	);
	$stored  = get_option( $options[ $which ], '' );
	return is_string( $stored ) && '' !== trim( $stored ) ? $stored : '';
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
