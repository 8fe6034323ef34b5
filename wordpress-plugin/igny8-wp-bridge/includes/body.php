<?php
/**
 * Checks the fields of a JSON body against a table of kinds.
 *
 * The REST schema of WordPress is not used: it takes "3" for a number and "false"
 * for a boolean, and its error codes differ from version to version.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Body;

use Igny8\Bridge\Replies;
use WP_Error;

const UUID   = '/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/Di';
const SHA256 = '/^[0-9a-f]{64}$/Di';

/**
 * What to say of a value that is not of its kind.
 *
 * @return array<string, string>
 */
function kinds(): array {
	return array(
		'uuid'      => 'a UUID',
		'sha256'    => '64 hexadecimal digits',
		'count'     => 'an integer, 0 or more',
		'id'        => 'an integer, 1 or more',
		'bool'      => 'true or false',
		'text'      => 'a string',
		'status'    => '"publish" or "draft"',
		'texts'     => 'a list of strings',
		'term path' => 'a list of strings or of lists of strings',
		'images'    => 'a list of objects with url, hash, alt and caption',
	);
}

/**
 * Checks a body.
 *
 * @param array<string, mixed>  $body     The decoded JSON.
 * @param array<string, string> $required Field => kind; must be there and not null.
 * @param array<string, string> $optional Field => kind; may be missing or null.
 * @return WP_Error|null
 */
function check( array $body, array $required, array $optional ): ?WP_Error {
	$missing = array_keys( array_diff_key( $required, $body ) );
	if ( array() !== $missing ) {
		return Replies\missing_parameter( ...$missing );
	}
	foreach ( $required as $name => $kind ) {
		if ( ! is_of_kind( $body[ $name ], $kind ) ) {
			return Replies\invalid_parameter( $name, kinds()[ $kind ] );
		}
	}
	foreach ( $optional as $name => $kind ) {
		if ( isset( $body[ $name ] ) && ! is_of_kind( $body[ $name ], $kind ) ) {
			return Replies\invalid_parameter( $name, kinds()[ $kind ] );
		}
	}
	return null;
}

/**
 * Whether a value is of a kind.
 *
 * @param mixed  $value The value.
 * @param string $kind  A key of kinds().
 */
function is_of_kind( $value, string $kind ): bool {
	switch ( $kind ) {
		case 'uuid':
			return is_string( $value ) && 1 === preg_match( UUID, $value );
		case 'sha256':
			return is_string( $value ) && 1 === preg_match( SHA256, $value );
		case 'count':
			return is_int( $value ) && $value >= 0;
		case 'id':
			return is_int( $value ) && $value >= 1;
		case 'bool':
			return is_bool( $value );
		case 'text':
			return is_string( $value );
		case 'status':
			return in_array( $value, array( 'publish', 'draft' ), true );
		default:
			return is_list_of( $value, $kind );
	}
}

/**
 * Whether a value is a list of things of a kind.
 *
 * @param mixed  $value The value.
 * @param string $kind  texts, term path or images.
 */
function is_list_of( $value, string $kind ): bool {
	if ( ! is_array( $value ) || array_values( $value ) !== $value ) {
		return false;
	}
	foreach ( $value as $item ) {
		if ( 'texts' === $kind && ! is_string( $item ) ) {
			return false;
		}
		if ( 'term path' === $kind && ! is_string( $item ) && ! is_list_of( $item, 'texts' ) ) {
			return false;
		}
		if ( 'images' === $kind && ! is_image( $item ) ) {
			return false;
		}
	}
	return true;
}

/**
 * Whether a value describes an image.
 *
 * @param mixed $value The value.
 */
function is_image( $value ): bool {
	if ( ! is_array( $value ) ) {
		return false;
	}
	foreach ( array( 'url', 'alt', 'caption' ) as $name ) {
		if ( isset( $value[ $name ] ) && ! is_string( $value[ $name ] ) ) {
			return false;
		}
	}
	return ! isset( $value['hash'] ) || is_of_kind( $value['hash'], 'sha256' );
}
