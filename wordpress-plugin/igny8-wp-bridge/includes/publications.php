<?php
/**
 * GET /publications: what became of a key, of several, or of all.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Publications;

use Igny8\Bridge;
use Igny8\Bridge\Listing;
use Igny8\Bridge\Media;
use Igny8\Bridge\Posts;
use Igny8\Bridge\Replies;
use Igny8\Bridge\Reservations;
use RuntimeException;
use WP_Post;
use WP_REST_Request;
use WP_REST_Response;

const MAX_KEYS = 50;

/**
 * Hooks the routes.
 */
function setup(): void {
	add_action( 'rest_api_init', __NAMESPACE__ . '\\register_routes' );
}

/**
 * Registers the routes.
 */
function register_routes(): void {
	Bridge\register_route( '/publications', 'GET', __NAMESPACE__ . '\\look_up_many' );
	Bridge\register_route( '/publications/(?P<key>[^/]+)', 'GET', __NAMESPACE__ . '\\look_up' );
}

/**
 * Tells what became of one key.
 *
 * @param WP_REST_Request $request The request.
 */
function look_up( WP_REST_Request $request ): WP_REST_Response {
	$key = strtolower( $request->get_url_params()['key'] );
	return Replies\if_readable(
		static function () use ( $key ): WP_REST_Response {
			$rows = Reservations\find_many( array( $key ) );
			if ( array() === $rows ) {
				return Replies\refuse( Replies\error( 'igny8_unknown_key', 404, 'No publication has this key.' ) );
			}
			return Replies\answer( describe( $rows[0] ) );
		}
	);
}

/**
 * Tells what became of several keys, or lists them all.
 *
 * @param WP_REST_Request $request With the query parameter `keys`, or `after` and `limit`.
 */
function look_up_many( WP_REST_Request $request ): WP_REST_Response {
	if ( Listing\is_asked_for( $request ) ) {
		return Listing\show( $request );
	}
	$keys = Media\query_list( $request, 'keys', MAX_KEYS );
	if ( is_wp_error( $keys ) ) {
		return Replies\refuse( $keys );
	}
	return Replies\if_readable(
		static function () use ( $keys ): WP_REST_Response {
			$rows  = Reservations\find_many( $keys );
			$posts = Posts\find_many( array_column( $rows, 'post_id' ) );
			$each  = static fn( array $row ): array => describe_with( $row, $posts[ $row['post_id'] ] ?? null );
			return Replies\answer( array( 'publications' => array_map( $each, $rows ) ) );
		}
	);
}

/**
 * Describes the publication of a key that has a row.
 *
 * @param string $key The publication key.
 * @return array<string, mixed>
 * @throws RuntimeException The database could not be read.
 */
function describe_key( string $key ): array {
	return describe( Reservations\find( $key ) );
}

/**
 * A publication as the protocol shows it.
 *
 * @param array<string, mixed> $row The row.
 * @return array<string, mixed>
 * @throws RuntimeException The database could not be read.
 */
function describe( array $row ): array {
	return describe_with( $row, Posts\find( $row['post_id'] ) );
}

/**
 * The same where the post is at hand.
 *
 * @param array<string, mixed> $row  The row.
 * @param WP_Post|null         $post Its post, null where there is none.
 * @return array<string, mixed>
 */
function describe_with( array $row, ?WP_Post $post ): array {
	$hidden = array_flip( array( 'alt', 'caption' ) );
	return array(
		'publication_key' => $row['publication_key'],
		'state'           => $row['state'],
		'fence'           => $row['fence'],
		'revision'        => $row['revision'],
		'fingerprint'     => $row['fingerprint'],
		'content_id'      => $row['content_id'],
		'post_id'         => $row['post_id'] > 0 ? $row['post_id'] : null,
	) + describe_post( $row['post_id'], $post ) + array(
		'images' => array_map( static fn( array $image ): array => array_diff_key( $image, $hidden ), $row['images'] ),
	);
}

/**
 * What is said of the post itself.
 *
 * @param int          $post_id The id in the row, 0 where there never was a post.
 * @param WP_Post|null $post    The post, null where there is none.
 * @return array<string, string|null>
 */
function describe_post( int $post_id, ?WP_Post $post ): array {
	if ( null === $post ) {
		return array(
			'post_url'     => null,
			'post_status'  => $post_id > 0 ? 'gone' : null,
			'post_title'   => null,
			'modified_gmt' => null,
		);
	}
	$is_dated = '0000-00-00 00:00:00' !== $post->post_modified_gmt;
	return array(
		'post_url'     => (string) get_permalink( $post ),
		'post_status'  => $post->post_status,
		'post_title'   => html_entity_decode( $post->post_title, ENT_QUOTES, 'UTF-8' ),
		'modified_gmt' => $is_dated ? str_replace( ' ', 'T', $post->post_modified_gmt ) . 'Z' : null,
	);
}
