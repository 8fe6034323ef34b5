<?php
/**
 * One request at a time for what WordPress itself does not make safe.
 *
 * A lock is a row of the options table: option_name is unique, so INSERT IGNORE
 * has one winner on every database. GET_LOCK() is not emulated faithfully by all.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Locks;

use WP_Error;

const PREFIX        = 'igny8_lock_';
const HELD_SECONDS  = 30;
const WAIT_SECONDS  = 10;
const POLL_MICROSEC = 25000;

/**
 * Runs something while holding a lock.
 *
 * @param string   $name What is locked, at most 100 characters.
 * @param callable $work Called without arguments once the lock is held.
 * @return mixed What the work returned, or a WP_Error when the lock stayed taken.
 */
function with_lock( string $name, callable $work ) {
	$option = PREFIX . $name;
	$token  = acquire( $option );
	if ( null === $token ) {
		return new WP_Error( 'igny8_in_progress', 'Another request is working on the same thing.', array( 'status' => 409 ) );
	}

	$is_held = true;
	$let_go  = static function () use ( $option, $token, &$is_held ): void {
		if ( $is_held ) {
			release( $option, $token );
			$is_held = false;
		}
	};
	register_shutdown_function( $let_go ); // "finally" does not run when a hook calls exit.
	try {
		return $work();
	} finally {
		$let_go();
	}
}

/**
 * Waits for a lock.
 *
 * @param string $option The name of the row.
 * @return string|null Our token, or null when the wait was too long.
 */
function acquire( string $option ): ?string {
	global $wpdb;
	$deadline = microtime( true ) + WAIT_SECONDS;
	$shown    = $wpdb->suppress_errors( true ); // Requests that race for the row may deadlock; the next round settles it.
	do {
		$token  = ( time() + HELD_SECONDS ) . ':' . wp_generate_password( 12, false );
		$is_won = insert( $option, $token ) || take_over( $option, $token );
		if ( ! $is_won ) {
			usleep( POLL_MICROSEC );
		}
	} while ( ! $is_won && microtime( true ) < $deadline );
	$wpdb->suppress_errors( $shown );
	return $is_won ? $token : null;
}

/**
 * Tries to make the row.
 *
 * @param string $option The name of the row.
 * @param string $token  Expiry and a random part.
 */
function insert( string $option, string $token ): bool {
	global $wpdb;
	$rows = $wpdb->query(
		$wpdb->prepare(
			"INSERT IGNORE INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, 'no')",
			$option,
			$token
		)
	);
	return 1 === (int) $rows;
}

/**
 * Takes the lock from a request that died with it.
 *
 * @param string $option The name of the row.
 * @param string $token  Expiry and a random part.
 */
function take_over( string $option, string $token ): bool {
	global $wpdb;
	$held = (string) $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", $option ) );
	if ( '' === $held || (int) $held > time() ) {
		return false;
	}
	$rows = $wpdb->query(
		$wpdb->prepare(
			"UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND option_value = %s",
			$token,
			$option,
			$held
		)
	);
	return 1 === (int) $rows;
}

/**
 * Gives the lock back, if it is still ours.
 *
 * @param string $option The name of the row.
 * @param string $token  What acquire() returned.
 */
function release( string $option, string $token ): void {
	global $wpdb;
	$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->options} WHERE option_name = %s AND option_value = %s", $option, $token ) );
}
