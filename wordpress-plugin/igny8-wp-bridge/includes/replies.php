<?php
/**
 * Answers in the shapes the protocol names.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Replies;

use RuntimeException;
use WP_Error;
use WP_REST_Response;

const RETRY_AFTER_SECONDS = '2';

/**
 * A good answer, which no cache between us may keep.
 *
 * @param array<string, mixed> $data   The body.
 * @param int                  $status The HTTP status.
 */
function answer( array $data, int $status = 200 ): WP_REST_Response {
	return new WP_REST_Response( $data, $status, array( 'Cache-Control' => 'no-store, private' ) );
}

/**
 * The answer to a request that was made before.
 *
 * @param array<string, mixed> $data The body.
 */
function replay( array $data ): WP_REST_Response {
	$response = answer( $data );
	$response->header( 'Idempotent-Replayed', 'true' );
	return $response;
}

/**
 * An error as an answer, with the header that belongs to it.
 *
 * @param WP_Error $error Its data holds the status and perhaps more facts.
 */
function refuse( WP_Error $error ): WP_REST_Response {
	$data     = (array) $error->get_error_data();
	$response = answer(
		array(
			'code'    => $error->get_error_code(),
			'message' => $error->get_error_message(),
			'data'    => $data,
		),
		isset( $data['status'] ) ? (int) $data['status'] : 500
	);
	if ( 'igny8_in_progress' === $error->get_error_code() ) {
		$response->header( 'Retry-After', RETRY_AFTER_SECONDS );
	}
	return $response;
}

/**
 * An error of this protocol.
 *
 * @param string               $code    The code.
 * @param int                  $status  The HTTP status.
 * @param string               $message For people.
 * @param array<string, mixed> $facts   More facts.
 */
function error( string $code, int $status, string $message, array $facts = array() ): WP_Error {
	return new WP_Error( $code, $message, array( 'status' => $status ) + $facts );
}

/**
 * Somebody else is at it.
 */
function in_progress(): WP_Error {
	return error( 'igny8_in_progress', 409, 'Another request is working on this.' );
}

/**
 * WordPress could not write.
 *
 * @param string $reason What it said.
 */
function write_failed( string $reason ): WP_Error {
	return error( 'igny8_write_failed', 500, $reason );
}

/**
 * The database refused what it was asked last.
 */
function not_stored(): WP_Error {
	global $wpdb;
	return write_failed( "The site's database refused: $wpdb->last_error" );
}

/**
 * Answers, unless the database could not be read: who asks would conclude from an empty answer.
 *
 * @param callable $work Returns the answer.
 */
function if_readable( callable $work ): WP_REST_Response {
	try {
		return $work();
	} catch ( RuntimeException $failed ) {
		return refuse( error( 'igny8_read_failed', 500, 'The database could not be read.' ) );
	}
}

/**
 * A parameter that is not there.
 *
 * @param string ...$names Which.
 */
function missing_parameter( string ...$names ): WP_Error {
	return error( 'rest_missing_callback_param', 400, 'Missing parameter(s): ' . implode( ', ', $names ), array( 'params' => $names ) );
}

/**
 * A parameter that is not what it should be.
 *
 * @param string $name   Which.
 * @param string $wanted What it should be.
 */
function invalid_parameter( string $name, string $wanted ): WP_Error {
	return error( 'rest_invalid_param', 400, "Invalid parameter(s): $name", array( 'params' => array( $name => "$name must be $wanted." ) ) );
}
