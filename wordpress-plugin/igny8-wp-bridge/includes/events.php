<?php
/**
 * Notices what happens to our posts, and writes it into the outbox in the same request.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Events;

use Igny8\Bridge\Cron;
use Igny8\Bridge\Database;
use Igny8\Bridge\Outbox;
use Igny8\Bridge\OwnWrites;
use Igny8\Bridge\PostFacts;
use Igny8\Bridge\Publications;
use Igny8\Bridge\Registration;
use Igny8\Bridge\Reservations;
use Igny8\Bridge\Sequences;
use Igny8\Bridge\Webhooks;
use WP_Post;

const STATUS   = 'status';
const METADATA = 'metadata';
const EDITOR   = 'editor';
const IGNY8    = 'igny8';

/**
 * Hooks what happens to posts.
 *
 * At wp_after_insert_post terms and fields are written, whoever saves: the editor, REST,
 * trash, untrash or cron.
 */
function setup(): void {
	add_action( 'wp_after_insert_post', __NAMESPACE__ . '\\saved', 10, 4 );
	add_action( 'before_delete_post', __NAMESPACE__ . '\\about_to_delete', 10, 2 );
	add_action( 'deleted_post', __NAMESPACE__ . '\\deleted', 10, 1 );
	add_action( 'set_object_terms', __NAMESPACE__ . '\\terms_changed', 10, 1 );
	add_action( 'deleted_term_relationships', __NAMESPACE__ . '\\terms_changed', 10, 1 ); // A tag that is deleted sets none.
	add_action( 'shutdown', __NAMESPACE__ . '\\note_metadata', 1 );
}

/**
 * A post was saved, trashed or taken out of the trash.
 *
 * @param int          $post_id The post id.
 * @param WP_Post      $post    The post.
 * @param bool         $update  Whether it was there before.
 * @param WP_Post|null $before  As it was.
 */
function saved( int $post_id, WP_Post $post, bool $update, ?WP_Post $before = null ): void {
	if ( 'post' !== $post->post_type || 'auto-draft' === $post->post_status ) {
		return;
	}
	$facts = PostFacts\facts_of( $post_id );
	if ( null === $facts || OwnWrites\is_under_way( $facts['publication_key'] ) ) {
		return;
	}
	note_status( $post, $facts, kind_of_change( $post, $update, $before ), EDITOR );
	changed( $post_id );
}

/**
 * What a save was.
 *
 * @param WP_Post      $post   The post.
 * @param bool         $update Whether it was there before.
 * @param WP_Post|null $before As it was.
 */
function kind_of_change( WP_Post $post, bool $update, ?WP_Post $before ): string {
	$was = null === $before ? '' : $before->post_status;
	if ( ! $update || '' === $was || 'auto-draft' === $was ) {
		return 'created';
	}
	if ( $was === $post->post_status ) {
		return 'updated';
	}
	if ( 'trash' === $post->post_status ) {
		return 'trashed';
	}
	return 'trash' === $was ? 'untrashed' : 'status';
}

/**
 * A post is about to be deleted: its fields can still be read.
 *
 * @param int          $post_id The post id.
 * @param WP_Post|null $post    The post; who does as core did before 5.5 does not give it.
 */
function about_to_delete( int $post_id, ?WP_Post $post = null ): void {
	$post  = $post ?? get_post( $post_id );
	$facts = null !== $post && 'post' === $post->post_type ? PostFacts\facts_of( $post_id ) : null;
	if ( null !== $post && null !== $facts ) {
		doomed( $post_id, array( 'post_status' => 'gone' ) + status_body( $post, $facts, 'deleted', EDITOR ) );
	}
}

/**
 * A post is deleted.
 *
 * @param int $post_id The post id.
 */
function deleted( int $post_id ): void {
	$body = doomed( $post_id );
	if ( null !== $body ) {
		note( STATUS, $post_id, $body );
	}
}

/**
 * What was remembered of a post that is being deleted.
 *
 * @param int                       $post_id The post id.
 * @param array<string, mixed>|null $body    The body of its event, to remember it.
 * @return array<string, mixed>|null
 */
function doomed( int $post_id, ?array $body = null ): ?array {
	static $bodies = array();
	if ( null !== $body ) {
		$bodies[ $post_id ] = $body;
		return $body;
	}
	$known = $bodies[ $post_id ] ?? null;
	unset( $bodies[ $post_id ] );
	return $known;
}

/**
 * Terms of something were set or taken away.
 *
 * @param int $object_id Perhaps a post.
 */
function terms_changed( int $object_id ): void {
	if ( 'post' === get_post_type( $object_id ) ) {
		changed( $object_id );
	}
}

/**
 * Remembers that terms or author of a post may have changed, until the request ends.
 *
 * @param int|null $post_id   A post, null to only ask.
 * @param bool     $is_untold False to forget it.
 * @return int[] When asked, the posts remembered; asking forgets them.
 */
function changed( ?int $post_id = null, bool $is_untold = true ): array {
	static $posts = array();
	if ( null !== $post_id ) {
		$posts[ $post_id ] = $is_untold;
		return array();
	}
	$untold = array_keys( array_filter( $posts ) );
	$posts  = array();
	return $untold;
}

/**
 * Writes an event for each post whose terms or author are other than was last told.
 *
 * A request sets terms many times over, so it is looked at once, at its end.
 */
function note_metadata(): void {
	foreach ( changed() as $post_id ) {
		$post  = get_post( $post_id );
		$facts = null === $post ? null : PostFacts\facts_of( $post_id );
		if ( null === $facts ) {
			continue;
		}
		$metadata = PostFacts\describe_metadata( $post );
		if ( Sequences\show( $post_id, PostFacts\digest( $metadata ) ) ) {
			note( METADATA, $post_id, about( $post, $facts ) + $metadata + array( 'modified' => get_post_modified_time( DATE_ATOM, false, $post ) ) );
		}
	}
}

/**
 * Writes the one event of a publish that went through.
 *
 * @param array<string, mixed> $row    Its row, done.
 * @param bool                 $is_new Whether it made the post.
 */
function published( array $row, bool $is_new ): void {
	$post  = get_post( $row['post_id'] );
	$facts = null === $post ? null : PostFacts\facts_of( $post->ID );
	if ( null !== $facts ) {
		note_status( $post, $facts, $is_new ? 'created' : 'updated', IGNY8 );
		Sequences\show( $post->ID, PostFacts\digest( PostFacts\describe_metadata( $post ) ) );
	}
}

/**
 * Notes that a publish failed: what it left behind is no editor's doing.
 *
 * @param array<string, mixed> $row Its row, not released yet.
 */
function broke_off( array $row ): void {
	changed( $row['post_id'], false );
	$post = $row['post_id'] > 0 ? get_post( $row['post_id'] ) : null;
	if ( null !== $post && Reservations\is_ours( $row ) ) { // Else who took over writes terms now, and notes them.
		Sequences\show( $post->ID, PostFacts\digest( PostFacts\describe_metadata( $post ) ) );
	}
}

/**
 * Writes an event about a post's state.
 *
 * @param WP_Post              $post   The post.
 * @param array<string, mixed> $facts  Whose it is.
 * @param string               $event  What happened.
 * @param string               $origin EDITOR or IGNY8.
 */
function note_status( WP_Post $post, array $facts, string $event, string $origin ): void {
	note( STATUS, $post->ID, status_body( $post, $facts, $event, $origin ) );
}

/**
 * The body of an event about a post's state, without its number.
 *
 * @param WP_Post              $post   The post.
 * @param array<string, mixed> $facts  Whose it is.
 * @param string               $event  What happened.
 * @param string               $origin EDITOR or IGNY8.
 * @return array<string, mixed>
 */
function status_body( WP_Post $post, array $facts, string $event, string $origin ): array {
	$state = Publications\describe_post( $post->ID, $post );
	return array(
		'event'       => $event,
		'post_status' => $state['post_status'],
		'post_url'    => $state['post_url'],
		'post_title'  => $state['post_title'],
		'origin'      => $origin,
		'revision'    => $facts['revision'],
		'fingerprint' => $facts['fingerprint'],
	) + about( $post, $facts );
}

/**
 * What every event says of its post.
 *
 * @param WP_Post              $post  The post.
 * @param array<string, mixed> $facts Whose it is.
 * @return array<string, mixed>
 */
function about( WP_Post $post, array $facts ): array {
	return array(
		'post_id'         => $post->ID,
		'content_id'      => $facts['content_id'],
		'publication_key' => $facts['publication_key'],
		'site_url'        => Registration\site_url(),
		'modified_gmt'    => Publications\describe_post( $post->ID, $post )['modified_gmt'],
	);
}

/**
 * Gives an event its number, and keeps it where there is somebody to send it to.
 *
 * @param string               $kind    STATUS or METADATA.
 * @param int                  $post_id The post.
 * @param array<string, mixed> $body    The body.
 */
function note( string $kind, int $post_id, array $body ): void {
	Database\install_if_needed();
	$sequence = Sequences\next( $post_id, $body );
	if ( 0 === $sequence || ! Outbox\is_open() ) {
		return;
	}
	if ( Outbox\add( $kind, $post_id, $sequence, $body + array( 'sequence' => $sequence ) ) ) {
		Cron\send_at( max( time(), Webhooks\paused_until() ) );
		Webhooks\want_to_send();
	}
}
