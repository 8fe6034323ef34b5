<?php
/**
 * Nobody writes a post any more once another request has taken its publication over.
 *
 * A request may sleep for minutes between any two statements: in another plugin's hook, or with
 * its whole machine. So the row is looked at right before each write of the post and of what
 * belongs to it, and the text itself is written by a statement that looks at the row too.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Ownership;

use Igny8\Bridge\Database;
use Igny8\Bridge\Reservations;

/**
 * What WordPress does right before a write, and which argument is the post.
 */
const BEFORE = array(
	'pre_post_update'           => 0,
	'add_term_relationship'     => 0,
	'delete_term_relationships' => 0,
	'add_post_meta'             => 0,
	'update_post_meta'          => 1,
	'delete_post_meta'          => 1,
);

/**
 * And right after one.
 */
const AFTER = array(
	'added_term_relationship'    => 0,
	'deleted_term_relationships' => 0,
	'added_post_meta'            => 1,
	'updated_post_meta'          => 1,
	'deleted_post_meta'          => 1,
);

/**
 * Works on a post while every write of it is checked.
 *
 * While a plugin of a network has switched to another blog, a post of the same number is not this one.
 *
 * @param array<string, mixed> $row  Our row; what the work changes of it is seen here.
 * @param callable             $work Writes the post.
 * @return mixed What the work returned.
 * @throws TakenOver When a write was about to be made, or was just made, that is not ours to make.
 */
function while_ours( array &$row, callable $work ) {
	$blog_id = get_current_blog_id();
	$is_here = static fn(): bool => get_current_blog_id() === $blog_id;
	$look    = static function ( ...$given ) use ( &$row, $is_here ): void {
		if ( $is_here() ) {
			stop_if_lost( $row, (int) $given[ BEFORE[ current_action() ] ] );
		}
	};
	$regret  = static function ( ...$given ) use ( &$row, $is_here ): void {
		if ( $is_here() ) {
			tell_if_lost( $row, (int) $given[ AFTER[ current_action() ] ] );
		}
	};
	$fence   = static function ( $sql ) use ( &$row, $is_here ) {
		return $is_here() && is_update_of( $sql, $row['post_id'] ) ? $sql . ' AND ' . condition( $row ) : $sql;
	};
	hook( 'add_filter', $look, $regret, $fence );
	try {
		return $work();
	} finally {
		hook( 'remove_filter', $look, $regret, $fence );
	}
}

/**
 * Puts the three where they belong, or takes them away.
 *
 * @param callable $change add_filter or remove_filter.
 * @param callable $look   The last before each write.
 * @param callable $regret The first after it.
 * @param callable $fence  The last that sees a statement.
 */
function hook( callable $change, callable $look, callable $regret, callable $fence ): void {
	foreach ( array_keys( BEFORE ) as $name ) {
		$change( $name, $look, PHP_INT_MAX, 2 );
	}
	foreach ( array_keys( AFTER ) as $name ) {
		$change( $name, $regret, PHP_INT_MIN, 2 );
	}
	$change( 'query', $fence, PHP_INT_MAX, 1 );
}

/**
 * Stops the request before it writes what is no longer its own.
 *
 * @param array<string, mixed> $row     Our row.
 * @param int                  $post_id What is about to be written.
 * @throws TakenOver When somebody took over.
 */
function stop_if_lost( array $row, int $post_id ): void {
	if ( $post_id === $row['post_id'] && ! Reservations\is_ours( $row ) ) {
		throw new TakenOver();
	}
}

/**
 * Owns up to a write that came too late, for the row must not promise what the post does not show.
 *
 * @param array<string, mixed> $row     Our row.
 * @param int                  $post_id What was written.
 * @throws TakenOver When somebody took over.
 */
function tell_if_lost( array $row, int $post_id ): void {
	if ( $post_id === $row['post_id'] && ! Reservations\is_ours( $row ) ) {
		Reservations\tell_of_late_write( $row );
		throw new TakenOver();
	}
}

/**
 * Whether a statement is the one by which WordPress updates a post.
 *
 * @param mixed $sql     The statement.
 * @param int   $post_id The post.
 */
function is_update_of( $sql, int $post_id ): bool {
	global $wpdb;
	$begin = "UPDATE `{$wpdb->posts}` SET ";
	$end   = " WHERE `ID` = $post_id";
	return is_string( $sql ) && 0 === strncmp( $sql, $begin, strlen( $begin ) ) && substr( $sql, -strlen( $end ) ) === $end;
}

/**
 * What the statement asks besides: that the row is ours. One statement is atomic on every engine.
 *
 * @param array<string, mixed> $row Our row.
 */
function condition( array $row ): string {
	global $wpdb;
	$table = Database\publications_table();
	return $wpdb->remove_placeholder_escape(
		$wpdb->prepare(
			"EXISTS (SELECT 1 FROM `$table` WHERE publication_key = %s AND state = %s AND reserved_at = %d AND fence = %d)",
			$row['publication_key'],
			Reservations\IN_PROGRESS,
			$row['reserved_at'],
			$row['fence']
		)
	);
}
