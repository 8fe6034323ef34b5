<?php
/**
 * What is told of a post besides its state: whose it is, its terms, its author.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\PostFacts;

use Igny8\Bridge\Body;
use Igny8\Bridge\Posts;
use Igny8\Bridge\Reservations;
use WP_Post;

/**
 * Whose a post is.
 *
 * @param int $post_id The post id.
 * @return array<string, mixed>|null Null where it is none of ours, or a copy of one.
 */
function facts_of( int $post_id ): ?array {
	$key = get_post_meta( $post_id, Posts\KEY_META, true );
	if ( ! is_string( $key ) || ! Body\is_of_kind( $key, 'uuid' ) ) {
		return null;
	}
	$row = Reservations\find( strtolower( $key ) );
	if ( null !== $row && 0 !== $row['post_id'] && $row['post_id'] !== $post_id ) {
		return null;
	}
	$is_done = null !== $row && Reservations\DONE === $row['state'];
	return array(
		'publication_key' => strtolower( $key ),
		'content_id'      => $row['content_id'] ?? 0,
		'revision'        => $is_done ? $row['revision'] : 0,
		'fingerprint'     => $is_done ? $row['fingerprint'] : '',
	);
}

/**
 * Categories, tags and author of a post, as plain text.
 *
 * @param WP_Post $post The post.
 * @return array{categories: string[], tags: string[], author: array{id: int, name: string}}
 */
function describe_metadata( WP_Post $post ): array {
	$author = get_userdata( (int) $post->post_author );
	return array(
		'categories' => term_names( $post->ID, 'category' ),
		'tags'       => term_names( $post->ID, 'post_tag' ),
		'author'     => array(
			'id'   => (int) $post->post_author,
			'name' => false === $author ? '' : html_entity_decode( $author->display_name, ENT_QUOTES, 'UTF-8' ),
		),
	);
}

/**
 * The names of a post's terms, in their order.
 *
 * @param int    $post_id  The post id.
 * @param string $taxonomy The taxonomy.
 * @return string[]
 */
function term_names( int $post_id, string $taxonomy ): array {
	$names = wp_get_object_terms( $post_id, $taxonomy, array( 'fields' => 'names' ) );
	$names = is_wp_error( $names ) ? array() : array_map( static fn( string $name ): string => html_entity_decode( $name, ENT_QUOTES, 'UTF-8' ), $names );
	sort( $names, SORT_STRING );
	return $names;
}

/**
 * A digest of what is told of a post's terms and author.
 *
 * @param array<string, mixed> $metadata As described.
 */
function digest( array $metadata ): string {
	return hash( 'sha256', (string) wp_json_encode( $metadata, JSON_PARTIAL_OUTPUT_ON_ERROR ) );
}
