<?php
/**
 * Tells of saves that are stored, and broke off before WordPress said so.
 *
 * The block editor stores title and text, then fields and terms; where one of those is refused, or another
 * plugin's hook throws or ends the request, visitors see the new text and `wp_after_insert_post` never comes.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\UnfinishedSaves;

use Igny8\Bridge\Events;
use Igny8\Bridge\OwnWrites;
use Igny8\Bridge\PostFacts;
use WP_Post;

const COMPARED = array( 'post_title', 'post_content', 'post_excerpt', 'post_status', 'post_name', 'post_date', 'post_author' );

/**
 * Hooks the beginning and the end of saves, and of the request; that also where it was ended by force.
 */
function setup(): void {
	add_action( 'pre_post_update', __NAMESPACE__ . '\\begun', 10, 1 );
	add_action( 'wp_after_insert_post', __NAMESPACE__ . '\\ended', 1, 1 );
	add_action( 'shutdown', __NAMESPACE__ . '\\tell', 0 );
}

/**
 * A post is about to be written.
 *
 * @param int $post_id The post id.
 */
function begun( int $post_id ): void {
	$post  = get_post( $post_id );
	$facts = null !== $post && 'post' === $post->post_type ? PostFacts\facts_of( $post_id ) : null;
	if ( null !== $facts && ! OwnWrites\is_under_way( $facts['publication_key'] ) ) {
		pending( $post_id, clone $post );
	}
}

/**
 * A save is whole: its event is written by who hears of that.
 *
 * @param int $post_id The post id.
 */
function ended( int $post_id ): void {
	pending( $post_id );
}

/**
 * Writes an event for each save that broke off after it had changed its post.
 */
function tell(): void {
	foreach ( pending() as $post_id => $before ) {
		clean_post_cache( $post_id );
		$post = get_post( $post_id );
		if ( null !== $post && shown( $post ) !== shown( $before ) ) {
			Events\saved( $post_id, $post, true, $before );
		}
	}
}

/**
 * What is compared of a post.
 *
 * @param WP_Post $post The post.
 * @return array<string, mixed>
 */
function shown( WP_Post $post ): array {
	return array_intersect_key( $post->to_array(), array_flip( COMPARED ) );
}

/**
 * Remembers the saves under way.
 *
 * @param int|null     $post_id A post, null to take all that are left.
 * @param WP_Post|null $before  As it was before its save; null when that is whole.
 * @return array<int, WP_Post> What was left, when asked; asking forgets it.
 */
function pending( ?int $post_id = null, ?WP_Post $before = null ): array {
	static $posts = array();
	if ( null === $post_id ) {
		$left  = $posts;
		$posts = array();
		return $left;
	}
	if ( null === $before ) {
		unset( $posts[ $post_id ] );
	} else {
		$posts += array( $post_id => $before );
	}
	return array();
}
