<?php
/**
 * GET /publications?after=K&limit=N: every publication of the site, a page at a time.
 *
 * No index of WordPress finds posts by the value of a field. So the posts that carry
 * a key are noted in a table of ours, new ones at the first page of each listing, and
 * every page comes out of two primary keys.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Listing;

use Igny8\Bridge\Body;
use Igny8\Bridge\Carriers;
use Igny8\Bridge\Database;
use Igny8\Bridge\Posts;
use Igny8\Bridge\Publications;
use Igny8\Bridge\Replies;
use Igny8\Bridge\Reservations;
use RuntimeException;
use WP_Post;
use WP_REST_Request;
use WP_REST_Response;

const MAX_LIMIT     = 200;
const DEFAULT_LIMIT = 100;
const MAX_POST_IDS  = 20;

/**
 * Whether a request asks for the listing.
 *
 * @param WP_REST_Request $request The request.
 */
function is_asked_for( WP_REST_Request $request ): bool {
	return array() !== array_intersect_key( $request->get_query_params(), array_flip( array( 'after', 'limit' ) ) );
}

/**
 * Answers with one page.
 *
 * @param WP_REST_Request $request With the query parameters `after` and `limit`.
 */
function show( WP_REST_Request $request ): WP_REST_Response {
	$query = $request->get_query_params();
	$after = $query['after'] ?? '';
	if ( '' !== $after && ! Body\is_of_kind( $after, 'uuid' ) ) {
		return Replies\refuse( Replies\invalid_parameter( 'after', 'a publication key' ) );
	}
	$limit = $query['limit'] ?? (string) DEFAULT_LIMIT;
	if ( ! is_string( $limit ) || ! preg_match( '/^[1-9][0-9]{0,2}$/D', $limit ) || (int) $limit > MAX_LIMIT ) {
		return Replies\refuse( Replies\invalid_parameter( 'limit', 'an integer from 1 to ' . MAX_LIMIT ) );
	}

	return Replies\if_readable(
		static function () use ( $after, $limit ): WP_REST_Response {
			if ( '' === $after ) {
				Carriers\note_all();
			}
			return Replies\answer( page( strtolower( $after ), (int) $limit ) );
		}
	);
}

/**
 * One page of the listing.
 *
 * @param string $after The key it begins after, empty for the first page.
 * @param int    $limit How many keys it spans.
 * @return array{publications: array<int, array<string, mixed>>, next: string|null}
 * @throws RuntimeException The database could not be read.
 */
function page( string $after, int $limit ): array {
	$keys = array();
	foreach ( array( Database\publications_table(), Database\carriers_table() ) as $table ) {
		$keys = array_merge( $keys, keys_after( $table, $after, $limit + 1 ) );
	}
	$keys = array_unique( $keys );
	sort( $keys, SORT_STRING );
	$has_more = count( $keys ) > $limit;
	$keys     = array_slice( $keys, 0, $limit );
	return array(
		'publications' => array() === $keys ? array() : describe_all( $keys ),
		'next'         => $has_more ? end( $keys ) : null,
	);
}

/**
 * The keys that follow another one in a table.
 *
 * @param string $table One that has keys.
 * @param string $after The key before them.
 * @param int    $most  How many at most.
 * @return string[]
 * @throws RuntimeException The database could not be read.
 */
function keys_after( string $table, string $after, int $most ): array {
	global $wpdb;
	$sql = "SELECT DISTINCT publication_key FROM $table WHERE publication_key > %s ORDER BY publication_key LIMIT %d";
	return array_column( Database\read( $wpdb->prepare( $sql, $after, $most ) ), 'publication_key' ); // phpcs:ignore -- The table is ours.
}

/**
 * Describes the publications of several keys; one that neither a row nor a post has is left out.
 *
 * @param string[] $keys At least one.
 * @return array<int, array<string, mixed>>
 * @throws RuntimeException The database could not be read.
 */
function describe_all( array $keys ): array {
	global $wpdb;
	$table     = Database\publications_table();
	$sql       = "SELECT * FROM $table WHERE publication_key IN (" . marks( $keys ) . ')';
	$rows      = array_map( 'Igny8\\Bridge\\Reservations\\typed', Database\read( $wpdb->prepare( $sql, $keys ) ) ); // phpcs:ignore -- Marks only.
	$rows      = array_column( $rows, null, 'publication_key' );
	$noted     = noted( $keys );
	$posts     = Posts\find_many( array_map( 'intval', array_column( array_merge( $noted, array_values( $rows ) ), 'post_id' ) ) );
	$carriers  = carriers_of( $noted, $rows, $posts );
	$described = array();
	foreach ( $keys as $key ) {
		$post_ids = $carriers[ $key ] ?? array();
		if ( isset( $rows[ $key ] ) || array() !== $post_ids ) {
			$row         = $rows[ $key ] ?? adopted( $key, $post_ids[0] );
			$described[] = describe( $row, $posts[ $row['post_id'] ] ?? null, $post_ids );
		}
	}
	return $described;
}

/**
 * What is noted of several keys.
 *
 * @param string[] $keys At least one.
 * @return array<int, array{publication_key: string, post_id: string}>
 * @throws RuntimeException The database could not be read.
 */
function noted( array $keys ): array {
	global $wpdb;
	$table = Database\carriers_table();
	$sql   = "SELECT publication_key, post_id FROM $table WHERE publication_key IN (" . marks( $keys ) . ')';
	return Database\read( $wpdb->prepare( $sql, $keys ) ); // phpcs:ignore -- Marks only.
}

/**
 * The posts that carry each key: those noted, if they still do, and those the rows name.
 *
 * @param array<int, array<string, string>>   $noted What is noted; what is no longer so is forgotten.
 * @param array<string, array<string, mixed>> $rows  The rows there are, by key.
 * @param array<int, WP_Post>                 $posts The posts there are, by id.
 * @return array<string, int[]> Post ids by key, the lowest first.
 * @throws RuntimeException The database could not be read.
 */
function carriers_of( array $noted, array $rows, array $posts ): array {
	global $wpdb;
	$keys_of  = keys_of( $posts );
	$carriers = array();
	foreach ( array_merge( $noted, array_values( $rows ) ) as $place => $pair ) {
		$key     = $pair['publication_key'];
		$post_id = (int) $pair['post_id'];
		if ( in_array( $key, $keys_of[ $post_id ] ?? array(), true ) ) {
			$carriers[ $key ][ $post_id ] = $post_id;
		} elseif ( $place < count( $noted ) ) {
			$wpdb->delete( Database\carriers_table(), $pair );
		}
	}
	return array_map( __NAMESPACE__ . '\\sorted', $carriers );
}

/**
 * The keys that posts carry. Not by get_post_meta(), which knows no failure: the notes are forgotten by it.
 *
 * @param array<int, WP_Post> $posts Posts by id.
 * @return array<int, string[]> By post id.
 * @throws RuntimeException The database could not be read.
 */
function keys_of( array $posts ): array {
	global $wpdb;
	$is_meant = static fn( WP_Post $post ): bool => 'post' === $post->post_type && 'auto-draft' !== $post->post_status;
	$ids      = implode( ', ', array_keys( array_filter( $posts, $is_meant ) ) );
	$sql      = "SELECT post_id, meta_value FROM {$wpdb->postmeta} WHERE post_id IN ($ids) AND meta_key = %s";
	$keys     = array();
	foreach ( '' === $ids ? array() : Database\read( $wpdb->prepare( $sql, Posts\KEY_META ) ) as $field ) { // phpcs:ignore -- Integers only.
		$keys[ (int) $field['post_id'] ][] = strtolower( (string) $field['meta_value'] );
	}
	return $keys;
}

/**
 * Ids in their order.
 *
 * @param int[] $ids The ids.
 * @return int[]
 */
function sorted( array $ids ): array {
	sort( $ids );
	return $ids;
}

/**
 * The row a key would get that only posts carry; which content it is of nobody knows any more.
 *
 * @param string $key     The publication key.
 * @param int    $post_id The post.
 * @return array<string, mixed>
 */
function adopted( string $key, int $post_id ): array {
	return array(
		'publication_key' => $key,
		'content_id'      => 0,
		'post_id'         => $post_id,
		'state'           => Reservations\DONE,
		'fence'           => 0,
		'revision'        => 0,
		'fingerprint'     => '',
		'images'          => array(),
		'reserved_at'     => 0,
	);
}

/**
 * A publication with what only the listing tells of it.
 *
 * @param array<string, mixed> $row      The row.
 * @param WP_Post|null         $post     Its post, null where there is none.
 * @param int[]                $post_ids The posts that carry its key.
 * @return array<string, mixed>
 */
function describe( array $row, ?WP_Post $post, array $post_ids ): array {
	$is_worked_on = Reservations\IN_PROGRESS === $row['state'] && $row['reserved_at'] > 0;
	return Publications\describe_with( $row, $post ) + array(
		'posts'               => count( $post_ids ),
		'post_ids'            => array_slice( $post_ids, 0, MAX_POST_IDS ),
		'in_progress_seconds' => $is_worked_on ? max( 0, time() - $row['reserved_at'] ) : null,
	);
}

/**
 * Placeholders for a list of strings.
 *
 * @param string[] $items The items.
 */
function marks( array $items ): string {
	return implode( ', ', array_fill( 0, count( $items ), '%s' ) );
}
