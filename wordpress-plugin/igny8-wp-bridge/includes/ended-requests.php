<?php
/**
 * Hooks of other plugins that end the request in the middle of our work.
 *
 * Many were written for forms: they check a nonce that our request has not, and die, or send the
 * browser elsewhere. Whoever sent a post would hear of a refusal, and the text may be stored.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\EndedRequests;

use RuntimeException;

const DYING = array( 'wp_die_handler', 'wp_die_ajax_handler', 'wp_die_json_handler', 'wp_die_jsonp_handler', 'wp_die_xmlrpc_handler', 'wp_die_xml_handler' );

/**
 * Works while dying and redirecting throw, as a hook that fails does.
 *
 * @param callable $work The work.
 * @return mixed What it returned.
 */
function kept_open( callable $work ) {
	$handler  = static fn(): callable => __NAMESPACE__ . '\\refuse_to_die';
	$redirect = __NAMESPACE__ . '\\refuse_to_leave';
	hook( 'add_filter', $handler, $redirect );
	try {
		return $work();
	} finally {
		hook( 'remove_filter', $handler, $redirect );
	}
}

/**
 * Puts both where they belong, or takes them away.
 *
 * @param callable $change   add_filter or remove_filter.
 * @param callable $handler  Names who dies.
 * @param callable $redirect Gets where to go.
 */
function hook( callable $change, callable $handler, callable $redirect ): void {
	foreach ( DYING as $name ) {
		$change( $name, $handler, PHP_INT_MAX );
	}
	$change( 'wp_redirect', $redirect, PHP_INT_MAX );
}

/**
 * Throws in place of dying.
 *
 * @param mixed $message What would have been said.
 * @throws RuntimeException Always.
 */
function refuse_to_die( $message ): void {
	$words = is_wp_error( $message ) ? $message->get_error_message() : $message;
	throw new RuntimeException( 'A hook ended the request: ' . wp_strip_all_tags( is_scalar( $words ) ? (string) $words : '' ) ); // phpcs:ignore -- Told as JSON.
}

/**
 * Throws in place of sending a browser elsewhere.
 *
 * @param string $location Where to.
 * @throws RuntimeException Always.
 */
function refuse_to_leave( $location ): void {
	throw new RuntimeException( "A hook sent the request to $location" ); // phpcs:ignore -- Told as JSON.
}
