<?php
/**
 * Categories and tags.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Terms;

use Igny8\Bridge\Locks;
use WP_Error;

const MAX_NAME_LENGTH = 200;

/**
 * Gives a post exactly the categories and tags of a document.
 *
 * @param int                  $post_id  The post id.
 * @param array<string, mixed> $document The document.
 * @return WP_Error|null An error when the lock on making terms stayed taken.
 */
function assign( int $post_id, array $document ): ?WP_Error {
	$paths = array(
		'category' => array_map( static fn( $path ): array => (array) $path, $document['categories'] ),
		'post_tag' => array_map( static fn( $name ): array => array( $name ), $document['tags'] ),
	);
	foreach ( $paths as $taxonomy => $taxonomy_paths ) {
		$ids = ids_of( $taxonomy_paths, $taxonomy );
		if ( is_wp_error( $ids ) ) {
			return $ids;
		}
		wp_set_post_terms( $post_id, $ids, $taxonomy );
	}
	return null;
}

/**
 * The terms at the ends of several paths; missing ones are made.
 *
 * @param array<int, string[]> $paths    Names from the root.
 * @param string               $taxonomy The taxonomy.
 * @return int[]|WP_Error
 */
function ids_of( array $paths, string $taxonomy ) {
	$find = static fn( array $path ): int => walk( $path, $taxonomy, __NAMESPACE__ . '\\find' );
	$ids  = array_map( $find, $paths );
	if ( in_array( 0, $ids, true ) ) {
		$ids = Locks\with_lock( 'terms', static fn(): array => make_all( $paths, $taxonomy ) );
	}
	return is_wp_error( $ids ) ? $ids : array_values( array_unique( array_filter( $ids ) ) );
}

/**
 * Makes what is missing. WordPress looks for a term, then inserts it, so of requests
 * at once several would insert: the caller holds the lock.
 *
 * @param array<int, string[]> $paths    Names from the root.
 * @param string               $taxonomy The taxonomy.
 * @return int[]
 */
function make_all( array $paths, string $taxonomy ): array {
	wp_cache_set_terms_last_changed(); // What we cached before the lock may be old.
	$make = static fn( array $path ): int => walk( $path, $taxonomy, __NAMESPACE__ . '\\find_or_make' );
	return array_map( $make, $paths );
}

/**
 * Goes down a path of names.
 *
 * @param string[] $path     Names from the root.
 * @param string   $taxonomy The taxonomy.
 * @param callable $step     Gets name, taxonomy and parent, and returns a term id or 0.
 * @return int The last term's id, or 0.
 */
function walk( array $path, string $taxonomy, callable $step ): int {
	$term_id = 0;
	foreach ( $path as $name ) {
		$name = stored_name( $name, $taxonomy );
		if ( '' === $name ) {
			continue;
		}
		$term_id = $step( $name, $taxonomy, $term_id );
		if ( 0 === $term_id ) {
			return 0;
		}
	}
	return $term_id;
}

/**
 * A name the way WordPress keeps it: `R&D` becomes `R&amp;D`.
 *
 * @param string $name     The name.
 * @param string $taxonomy The taxonomy.
 */
function stored_name( string $name, string $taxonomy ): string {
	$short = mb_substr( trim( $name ), 0, MAX_NAME_LENGTH );
	return trim( wp_unslash( sanitize_term_field( 'name', wp_slash( $short ), 0, $taxonomy, 'db' ) ) );
}

/**
 * Finds a term by its stored name under a parent.
 *
 * The database may take é for e; like WordPress we compare once more.
 *
 * @param string $name     The stored name.
 * @param string $taxonomy The taxonomy.
 * @param int    $parent_id The parent's id, 0 for the root.
 * @return int Its id or 0.
 */
function find( string $name, string $taxonomy, int $parent_id ): int {
	global $wpdb;
	$rows  = $wpdb->get_results(
		$wpdb->prepare(
			"SELECT t.term_id, t.name FROM {$wpdb->terms} t JOIN {$wpdb->term_taxonomy} x ON x.term_id = t.term_id
			WHERE x.taxonomy = %s AND x.parent = %d AND t.name = %s ORDER BY t.term_id",
			$taxonomy,
			$parent_id,
			$name
		)
	);
	$lower = function_exists( 'mb_strtolower' ) ? 'mb_strtolower' : 'strtolower'; // As WordPress does; it needs no mbstring.
	foreach ( (array) $rows as $row ) {
		if ( $lower( $row->name ) === $lower( $name ) ) {
			return (int) $row->term_id;
		}
	}
	return 0;
}

/**
 * Finds a term or makes it.
 *
 * @param string $name     The stored name.
 * @param string $taxonomy The taxonomy.
 * @param int    $parent_id The parent's id, 0 for the root.
 * @return int Its id, 0 when WordPress refused the name.
 */
function find_or_make( string $name, string $taxonomy, int $parent_id ): int {
	$found = find( $name, $taxonomy, $parent_id );
	if ( 0 !== $found ) {
		return $found;
	}
	$made = wp_insert_term( wp_slash( $name ), $taxonomy, array( 'parent' => $parent_id ) );
	if ( ! is_wp_error( $made ) ) {
		return (int) $made['term_id'];
	}
	return 'term_exists' === $made->get_error_code() ? (int) $made->get_error_data() : 0;
}
