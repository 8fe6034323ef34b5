<?php
/**
 * The engine: where it is, and the one way to ask it something.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Engine;

use Igny8\Bridge;
use Igny8\Bridge\Authentication;
use WP_Error;

const URL_OPTION         = 'igny8_api_url';
const SITE_OPTION        = 'igny8_site_id';
const INTEGRATION_OPTION = 'igny8_integration_id';

const TIMEOUT_SECONDS = 10;
const MAX_ANSWER      = 1048576;

/**
 * The engine's address without a slash at the end, empty where none is stored.
 */
function url(): string {
	$stored = get_option( URL_OPTION, '' );
	return is_string( $stored ) ? untrailingslashit( $stored ) : '';
}

/**
 * The site's id at the engine: a number where it is one.
 *
 * @return int|string
 */
function site_id() {
	$stored = (string) get_option( SITE_OPTION, '' );
	return preg_match( '/^[0-9]{1,18}$/D', $stored ) ? (int) $stored : $stored;
}

/**
 * Whether address, key and site id are all there.
 */
function is_known(): bool {
	return '' !== url() && '' !== Authentication\current_key() && '' !== site_id();
}

/**
 * What an address for the engine must be like.
 *
 * @param string $typed The address.
 * @return string|WP_Error The address without path and trailing slash, empty for an empty one.
 */
function clean_url( string $typed ) {
	$typed = trim( $typed );
	if ( '' === $typed ) {
		return '';
	}
	$parts = wp_parse_url( $typed );
	if ( ! is_array( $parts ) || ! isset( $parts['scheme'], $parts['host'] ) || isset( $parts['user'] ) || isset( $parts['query'] ) || ! in_array( $parts['path'] ?? '/', array( '/', '' ), true ) ) {
		return new WP_Error( 'igny8_address', __( 'The address of IGNY8 looks like https://api.example.com, with nothing after it.', 'igny8-wp-bridge' ) );
	}
	if ( 'https' !== $parts['scheme'] && ! ( 'http' === $parts['scheme'] && allows_private() ) ) {
		return new WP_Error( 'igny8_address', __( 'The address of IGNY8 must begin with https://.', 'igny8-wp-bridge' ) );
	}
	return origin( $typed );
}

/**
 * Scheme, host and port of an address.
 *
 * @param string $address A complete address.
 */
function origin( string $address ): string {
	$parts = wp_parse_url( $address );
	$parts = is_array( $parts ) ? $parts : array();
	$port  = isset( $parts['port'] ) ? ':' . $parts['port'] : '';
	return strtolower( ( $parts['scheme'] ?? '' ) . '://' . ( $parts['host'] ?? '' ) ) . $port;
}

/**
 * Whether the engine may be on a private address and speak plain HTTP.
 */
function allows_private(): bool {
	/**
	 * Filters whether the engine may be on a private address, without TLS.
	 *
	 * @param bool $allowed True on local and development sites.
	 */
	return (bool) apply_filters( 'igny8_allow_private_api', in_array( wp_get_environment_type(), array( 'local', 'development' ), true ) );
}

/**
 * Sends JSON with the site's key.
 *
 * @param string                    $method  GET or POST.
 * @param string                    $path    Below the engine's address.
 * @param array<string, mixed>|null $body    The body, null for none.
 * @param array<string, mixed>      $options `key` in place of the current one, `headers`, `timeout` in seconds.
 * @return array{status: int, body: array<string, mixed>, retry_after: int}|WP_Error
 */
function ask( string $method, string $path, ?array $body = null, array $options = array() ) {
	$json = null === $body ? '' : (string) wp_json_encode( $body );
	return send( $method, url() . $path, $json, $options );
}

/**
 * Sends raw bytes with the site's key. Redirects are not followed: the key goes to one place.
 *
 * @param string               $method  GET or POST.
 * @param string               $address Below the engine's address.
 * @param string               $body    The body.
 * @param array<string, mixed> $options As in ask().
 * @return array{status: int, body: array<string, mixed>, retry_after: int}|WP_Error
 */
function send( string $method, string $address, string $body, array $options = array() ) {
	if ( '' === url() || origin( $address ) !== origin( url() ) ) {
		return new WP_Error( 'igny8_address', __( 'The address of IGNY8 is not set.', 'igny8-wp-bridge' ) );
	}
	$key    = $options['key'] ?? Authentication\current_key();
	$answer = with_rules(
		static fn() => wp_safe_remote_request(
			$address,
			array(
				'method'              => $method,
				'timeout'             => $options['timeout'] ?? TIMEOUT_SECONDS,
				'redirection'         => 0,
				'limit_response_size' => MAX_ANSWER,
				'user-agent'          => 'igny8-wp-bridge/' . Bridge\VERSION . '; ' . home_url(),
				'body'                => '' === $body ? null : $body,
				'headers'             => array(
					'Authorization'   => "Bearer $key",
					'X-IGNY8-API-Key' => $key,
					'Content-Type'    => 'application/json',
					'Accept'          => 'application/json',
				) + ( $options['headers'] ?? array() ),
			)
		)
	);
	if ( is_wp_error( $answer ) ) {
		return $answer;
	}
	$facts = json_decode( wp_remote_retrieve_body( $answer ), true, 32 );
	return array(
		'status'      => (int) wp_remote_retrieve_response_code( $answer ),
		'body'        => is_array( $facts ) ? $facts : array(),
		'retry_after' => max( 0, (int) wp_remote_retrieve_header( $answer, 'retry-after' ) ),
	);
}

/**
 * Runs a request under our rules: the engine's own port is fine, its private address where that is allowed.
 *
 * @param callable $request Makes the request.
 * @return mixed What it returned.
 */
function with_rules( callable $request ) {
	$engine = wp_parse_url( url() );
	$host   = static fn( $is_external, $asked ): bool => (bool) $is_external || ( allows_private() && 0 === strcasecmp( (string) $asked, $engine['host'] ?? '' ) );
	$ports  = static fn( $safe, $asked ): array => 0 === strcasecmp( (string) $asked, $engine['host'] ?? '' ) && isset( $engine['port'] ) ? array_merge( (array) $safe, array( $engine['port'] ) ) : (array) $safe;
	add_filter( 'http_request_host_is_external', $host, 10, 2 );
	add_filter( 'http_allowed_safe_ports', $ports, 10, 2 );
	try {
		return $request();
	} finally {
		remove_filter( 'http_request_host_is_external', $host, 10 );
		remove_filter( 'http_allowed_safe_ports', $ports, 10 );
	}
}

/**
 * What an answer says, in words.
 *
 * @param array<string, mixed>|WP_Error $answer What ask() or send() returned.
 */
function words( $answer ): string {
	if ( is_wp_error( $answer ) ) {
		/* translators: %s: what the HTTP library said. */
		return sprintf( __( 'IGNY8 could not be reached: %s', 'igny8-wp-bridge' ), $answer->get_error_message() );
	}
	foreach ( array( 'message', 'detail', 'title' ) as $name ) {
		if ( is_string( $answer['body'][ $name ] ?? null ) && '' !== $answer['body'][ $name ] ) {
			return sanitize_text_field( mb_substr( $answer['body'][ $name ], 0, 500 ) );
		}
	}
	/* translators: %d: an HTTP status. */
	return sprintf( __( 'IGNY8 answered with status %d.', 'igny8-wp-bridge' ), $answer['status'] );
}

/**
 * Whether an answer is a good one.
 *
 * @param array<string, mixed>|WP_Error $answer What ask() or send() returned.
 */
function is_good( $answer ): bool {
	return ! is_wp_error( $answer ) && $answer['status'] >= 200 && $answer['status'] < 300;
}
