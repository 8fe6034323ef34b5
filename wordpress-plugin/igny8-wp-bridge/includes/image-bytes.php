<?php
/**
 * What the bytes of an image say, and how to fetch them.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\ImageBytes;

use Igny8\Bridge\Replies;
use WP_Error;

const EXTENSIONS = array(
	'image/jpeg' => 'jpg',
	'image/png'  => 'png',
	'image/gif'  => 'gif',
	'image/webp' => 'webp',
	'image/avif' => 'avif',
);

const DOWNLOAD_SECONDS   = 20;
const UNLIMITED_POST_MAX = 67108864;

/**
 * The largest body or download we take, in bytes.
 */
function max_bytes(): int {
	$post_max = wp_convert_hr_to_bytes( (string) ini_get( 'post_max_size' ) );

	/**
	 * Filters the size of the largest image the bridge takes.
	 *
	 * @param int $bytes What PHP's post_max_size allows.
	 */
	return (int) apply_filters( 'igny8_max_body_bytes', $post_max > 0 ? $post_max : UNLIMITED_POST_MAX );
}

/**
 * The type of an image by its bytes; what a name or a header says counts for nothing.
 *
 * @param string $bytes The bytes.
 * @return string A key of EXTENSIONS, or '' for anything else.
 */
function mime_type( string $bytes ): string {
	$mime = mime_by_signature( $bytes );
	if ( 'image/avif' === $mime && PHP_VERSION_ID < 80200 ) {
		return $mime; // PHP learned to read AVIF in 8.2.
	}
	$size = @getimagesizefromstring( $bytes ); // phpcs:ignore Generic.PHP.NoSilencedErrors -- It warns about broken files, which is what we ask.
	return is_array( $size ) && $size['mime'] === $mime ? $mime : '';
}

/**
 * The type the first bytes announce.
 *
 * @param string $bytes The bytes.
 */
function mime_by_signature( string $bytes ): string {
	if ( "\xFF\xD8\xFF" === substr( $bytes, 0, 3 ) ) {
		return 'image/jpeg';
	}
	if ( "\x89PNG\r\n\x1A\n" === substr( $bytes, 0, 8 ) ) {
		return 'image/png';
	}
	if ( in_array( substr( $bytes, 0, 6 ), array( 'GIF87a', 'GIF89a' ), true ) ) {
		return 'image/gif';
	}
	if ( 'RIFF' === substr( $bytes, 0, 4 ) && 'WEBP' === substr( $bytes, 8, 4 ) ) {
		return 'image/webp';
	}
	return 'ftyp' === substr( $bytes, 4, 4 ) && in_array( substr( $bytes, 8, 4 ), array( 'avif', 'avis' ), true ) ? 'image/avif' : '';
}

/**
 * Fetches an image from its public address.
 *
 * WordPress's "safe" request refuses private addresses, also after a redirect.
 *
 * @param string $url The address.
 * @return string|WP_Error The bytes.
 */
function fetch( string $url ) {
	$response = wp_safe_remote_get(
		$url,
		array(
			'timeout'             => DOWNLOAD_SECONDS,
			'limit_response_size' => max_bytes() + 1,
		)
	);
	if ( is_wp_error( $response ) ) {
		return $response;
	}
	$status = (int) wp_remote_retrieve_response_code( $response );
	if ( 200 !== $status ) {
		return Replies\error( 'igny8_fetch_failed', 502, "The image's address answered $status." );
	}
	$bytes = wp_remote_retrieve_body( $response );
	if ( strlen( $bytes ) > max_bytes() ) {
		return Replies\error( 'igny8_too_large', 413, 'The image is too large.' );
	}
	return $bytes;
}
