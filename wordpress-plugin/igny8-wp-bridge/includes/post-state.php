<?php
/**
 * GET /post-state: what the site says now of posts.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\PostState;

use Igny8\Bridge;
use Igny8\Bridge\Media;
use Igny8\Bridge\PostFacts;
use Igny8\Bridge\Posts;
use Igny8\Bridge\Publications;
use Igny8\Bridge\Replies;
use Igny8\Bridge\Sequences;
use WP_Post;
use WP_REST_Request;
use WP_REST_Response;

const MAX_POSTS = 50;

/**
 * Hooks the route.
 */
function setup(): void {
	add_action( 'rest_api_init', __NAMESPACE__ . '\\register_routes' );
}

/**
 * Registers the route.
 */
function register_routes(): void {
	Bridge\register_route( '/post-state', 'GET', __NAMESPACE__ . '\\show' );
}

/**
 * Answers for several posts.
 *
 * @param WP_REST_Request $request With the query parameter `post_ids`.
 */
function show( WP_REST_Request $request ): WP_REST_Response {
	$ids = Media\query_list( $request, 'post_ids', MAX_POSTS );
	if ( is_wp_error( $ids ) ) {
		return Replies\refuse( $ids );
	}
	foreach ( $ids as $id ) {
		if ( ! preg_match( '/^[1-9][0-9]{0,17}$/D', $id ) ) {
			return Replies\refuse( Replies\invalid_parameter( 'post_ids', 'a list of at most ' . MAX_POSTS . ' post ids' ) );
		}
	}
	$ids = array_map( 'intval', $ids );
	return Replies\if_readable(
		static function () use ( $ids ): WP_REST_Response {
			$posts = Posts\find_many( $ids );
			$known = Sequences\find_many( $ids );
			$each  = static fn( int $id ): array => describe( $id, $posts[ $id ] ?? null, $known[ $id ] ?? array() );
			return Replies\answer( array( 'posts' => array_map( $each, $ids ) ) );
		}
	);
}

/**
 * A post as the protocol shows it.
 *
 * @param int                  $post_id The post id.
 * @param WP_Post|null         $post    What has that id, null where nothing has.
 * @param array<string, mixed> $known   What is known of its events.
 * @return array<string, mixed>
 */
function describe( int $post_id, ?WP_Post $post, array $known ): array {
	$post    = null !== $post && 'post' === $post->post_type ? $post : null;
	$facts   = null === $post ? $known : ( PostFacts\facts_of( $post_id ) ?? array() );
	$nothing = array(
		'categories' => array(),
		'tags'       => array(),
		'author'     => null,
	);
	return array(
		'post_id'         => $post_id,
		'publication_key' => $facts['publication_key'] ?? null,
		'content_id'      => $facts['content_id'] ?? 0,
		'sequence'        => $known['sequence'] ?? 0,
	) + Publications\describe_post( $post_id, $post ) + ( null === $post ? $nothing : PostFacts\describe_metadata( $post ) );
}
