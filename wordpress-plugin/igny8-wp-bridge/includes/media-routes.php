<?php
/**
 * GET and POST /media.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Media;

use Igny8\Bridge;
use Igny8\Bridge\Body;
use Igny8\Bridge\ImageBytes;
use Igny8\Bridge\Replies;
use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

const MAX_HASHES = 100;

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
	Bridge\register_route( '/media', 'GET', __NAMESPACE__ . '\\look_up' );
	Bridge\register_route( '/media', 'POST', __NAMESPACE__ . '\\push' );
}

/**
 * Tells which of several images are in the Media Library.
 *
 * @param WP_REST_Request $request With the query parameter `hashes`.
 */
function look_up( WP_REST_Request $request ): WP_REST_Response {
	$hashes = query_list( $request, 'hashes', MAX_HASHES );
	if ( is_wp_error( $hashes ) ) {
		return Replies\refuse( $hashes );
	}
	$found = find_many( $hashes );
	$media = array_map( __NAMESPACE__ . '\\describe', array_keys( $found ), $found );
	return Replies\answer( array( 'media' => $media ) );
}

/**
 * A comma-separated query parameter.
 *
 * @param WP_REST_Request $request The request.
 * @param string          $name    The parameter.
 * @param int             $most    How many items are allowed.
 * @return string[]|WP_Error Lower-case items, at least one.
 */
function query_list( WP_REST_Request $request, string $name, int $most ) {
	$text = $request->get_query_params()[ $name ] ?? '';
	if ( ! is_string( $text ) ) {
		return Replies\invalid_parameter( $name, 'a comma-separated list' );
	}
	$items = array_values( array_unique( array_filter( array_map( 'trim', explode( ',', strtolower( $text ) ) ), 'strlen' ) ) );
	if ( array() === $items ) {
		return Replies\missing_parameter( $name );
	}
	return count( $items ) > $most ? Replies\invalid_parameter( $name, "a list of at most $most" ) : $items;
}

/**
 * Takes one image.
 *
 * @param WP_REST_Request $request Raw bytes, and the query parameters `hash`, `filename` and `alt`.
 */
function push( WP_REST_Request $request ): WP_REST_Response {
	$query = array_filter( $request->get_query_params(), 'is_string' );
	$hash  = strtolower( $query['hash'] ?? '' );
	$bytes = $request->get_body();
	$error = refusal_of_push( $request, $hash, $bytes );
	if ( null !== $error ) {
		return Replies\refuse( $error );
	}
	$stored = store_once( $hash, $bytes, $query['filename'] ?? '', $query['alt'] ?? '' );
	if ( is_wp_error( $stored ) ) {
		return Replies\refuse( $stored );
	}
	$media = describe( $hash, $stored['attachment_id'] );
	return $stored['is_new'] ? Replies\answer( $media, 201 ) : Replies\replay( $media );
}

/**
 * What is wrong with a pushed body.
 *
 * PHP empties a body it finds too long, so the announced length is looked at first.
 *
 * @param WP_REST_Request $request The request.
 * @param string          $hash    What the sender says is the hash.
 * @param string          $bytes   The body.
 */
function refusal_of_push( WP_REST_Request $request, string $hash, string $bytes ): ?WP_Error {
	if ( '' === $hash ) {
		return Replies\missing_parameter( 'hash' );
	}
	if ( ! Body\is_of_kind( $hash, 'sha256' ) ) {
		return Replies\invalid_parameter( 'hash', Body\kinds()['sha256'] );
	}
	if ( max( strlen( $bytes ), (int) $request->get_header( 'Content-Length' ) ) > ImageBytes\max_bytes() ) {
		return Replies\error( 'igny8_too_large', 413, 'The body is too large.', array( 'max_body_bytes' => ImageBytes\max_bytes() ) );
	}
	if ( '' === $bytes ) {
		return Replies\error( 'igny8_empty_body', 400, 'The body is empty.' );
	}
	if ( hash( 'sha256', $bytes ) !== $hash ) {
		return Replies\error( 'igny8_hash_mismatch', 422, 'The SHA-256 of the body is not the hash that was sent.' );
	}
	return null;
}

/**
 * An image as the protocol shows it.
 *
 * @param string $hash          The hash.
 * @param int    $attachment_id The attachment.
 * @return array{hash: string, attachment_id: int, media_url: string}
 */
function describe( string $hash, int $attachment_id ): array {
	return array(
		'hash'          => $hash,
		'attachment_id' => $attachment_id,
		'media_url'     => (string) wp_get_attachment_url( $attachment_id ),
	);
}
