<?php
/**
 * What hooks of other plugins throw after a post is stored.
 *
 * WordPress writes a post first and runs most hooks then. Visitors see the post by that time, so
 * whoever sent it must not hear that it failed.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\LateHooks;

use Igny8\Bridge\Ownership;
use Igny8\Bridge\Posts;
use Throwable;

/**
 * Makes a post that carries a key.
 *
 * @param string   $key   The publication key.
 * @param callable $write Makes the post.
 * @return mixed What that returned; the post's id where a hook threw when post and key were stored.
 * @throws Throwable What a hook threw before.
 */
function make( string $key, callable $write ) {
	$post_id = 0;
	$watch   = static function ( $meta_id, $object_id, $field, $value ) use ( $key, &$post_id ): void {
		if ( Posts\KEY_META === $field && $key === $value ) {
			$post_id = (int) $object_id;
		}
	};
	$stored  = static function () use ( &$post_id ): int {
		return $post_id;
	};
	add_action( 'added_post_meta', $watch, PHP_INT_MIN, 4 );
	try {
		return despite( $write, $stored );
	} finally {
		remove_action( 'added_post_meta', $watch, PHP_INT_MIN );
	}
}

/**
 * Updates a post.
 *
 * @param int      $post_id The post id.
 * @param callable $write   Updates it.
 * @return mixed What that returned; the post's id where a hook threw when the text was stored.
 * @throws Throwable What a hook threw before.
 */
function update( int $post_id, callable $write ) {
	$sent_at = null;
	$watch   = static function ( $sql ) use ( $post_id, &$sent_at ) {
		global $wpdb;
		if ( Ownership\is_update_of( $sql, $post_id ) ) {
			$sent_at = $sent_at ?? $wpdb->num_queries;
		}
		return $sql;
	};
	// wpdb counts a statement when the database has answered it.
	$stored = static function () use ( $post_id, &$sent_at ): int {
		global $wpdb;
		return null !== $sent_at && $wpdb->num_queries > $sent_at ? $post_id : 0;
	};
	add_filter( 'query', $watch, PHP_INT_MAX - 1 ); // Before the statement gets our condition.
	try {
		return despite( $write, $stored );
	} finally {
		remove_filter( 'query', $watch, PHP_INT_MAX - 1 );
	}
}

/**
 * Writes, and only notes what a hook throws once that is done.
 *
 * @param callable $write  Writes a post.
 * @param callable $stored Returns the id of the post if it is stored by now, else 0.
 * @return mixed What the writing returned, or that id.
 * @throws Throwable What was thrown before.
 */
function despite( callable $write, callable $stored ) {
	try {
		return $write();
	} catch ( Ownership\TakenOver $lost ) {
		throw $lost;
	} catch ( Throwable $thrown ) {
		$post_id = $stored();
		if ( 0 === $post_id ) {
			throw $thrown;
		}
		error_log( "IGNY8: post $post_id is stored, but a hook threw: $thrown" ); // phpcs:ignore -- PHP would have logged it, had we not caught it.
		wp_cache_delete( $post_id, 'posts' ); // WordPress may not have come to that.
		wp_cache_set( 'last_changed', microtime(), 'posts' );
		return $post_id;
	}
}
