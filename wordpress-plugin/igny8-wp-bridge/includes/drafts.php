<?php
/**
 * The draft that a new publication begins as.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Drafts;

use Igny8\Bridge;
use Igny8\Bridge\Database;
use Igny8\Bridge\LateHooks;
use Igny8\Bridge\Posts;
use Igny8\Bridge\Replies;
use Igny8\Bridge\Reservations;
use WP_Error;

/**
 * Makes the draft and writes its id into our row, both or neither.
 *
 * @param array<string, mixed> $row      Our row; its post_id follows.
 * @param array<string, mixed> $document The document.
 */
function create( array &$row, array $document ): ?WP_Error {
	Database\begin();
	$fields  = array(
		'post_type'    => 'post',
		'post_status'  => 'draft',
		'post_title'   => $document['title'],
		'post_content' => $document['content_html'],
		'post_excerpt' => $document['excerpt'],
		'post_author'  => Bridge\author_id(),
		'meta_input'   => array( Posts\KEY_META => $row['publication_key'] ),
	);
	$post_id = LateHooks\make( $row['publication_key'], static fn() => wp_insert_post( wp_slash( $fields ), true ) );
	if ( is_wp_error( $post_id ) || 0 === $post_id ) {
		Database\rollback();
		return Replies\write_failed( is_wp_error( $post_id ) ? $post_id->get_error_message() : 'The post was not stored.' );
	}
	if ( ! Posts\carries( $post_id, $row['publication_key'] ) ) { // WordPress says nothing of a field that was refused.
		take_back( $post_id );
		return Replies\write_failed( 'The field that says whose post it is was not stored.' );
	}
	if ( ! Reservations\write( $row, array( 'post_id' => $post_id ) ) ) {
		Database\rollback();
		if ( ( Reservations\find( $row['publication_key'] )['post_id'] ?? 0 ) !== $post_id ) {
			take_back( $post_id );
		} // Else who took over has found it, and it is theirs: without a transaction it was there to be found.
		return Replies\in_progress();
	}
	Database\commit();
	$row['post_id'] = $post_id;
	if ( ! Posts\is_stored( $post_id ) ) { // A deadlock rolls back behind WordPress's back.
		Reservations\write( $row, array( 'post_id' => 0 ) );
		$row['post_id'] = 0;
		clean_post_cache( $post_id );
		return Replies\write_failed( 'The database gave the transaction up.' );
	}
	return null;
}

/**
 * Takes a draft back that is nobody's.
 *
 * @param int $post_id The draft.
 */
function take_back( int $post_id ): void {
	Database\rollback();
	clean_post_cache( $post_id );
	wp_delete_post( $post_id, true ); // Where there are no transactions the draft is still there.
}
