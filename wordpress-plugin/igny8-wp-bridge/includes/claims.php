<?php
/**
 * Decides what a publish request may do: the table of the protocol, row by row.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Claims;

use Igny8\Bridge\Posts;
use Igny8\Bridge\Publications;
use Igny8\Bridge\Replies;
use Igny8\Bridge\Reservations;
use WP_Error;

const WHOLE   = 'whole';
const IMAGES  = 'images';
const NOTHING = 'nothing';

/**
 * Reserves the publication of a document.
 *
 * @param array<string, mixed> $document The document.
 * @return array{row: array, previous: ?array, work: string}|WP_Error The row is ours unless the work is NOTHING.
 */
function open( array $document ) {
	$row = Reservations\find( $document['publication_key'] );
	if ( null === $row ) {
		adopt( $document );
		$fresh    = new_row( $document );
		$inserted = Reservations\insert( $fresh );
		if ( false !== $inserted ) {
			return $inserted ? result( $fresh, null ) : Replies\not_stored();
		}
		$row = Reservations\find( $document['publication_key'] );
	}
	if ( null === $row ) {
		$owner = Reservations\find_by_content( $document['content_id'] );
		return null === $owner ? Replies\in_progress() : conflict( 'igny8_content_exists', 'Another publication owns this content.', $owner );
	}
	return open_known( $row, $document );
}

/**
 * Reserves a publication that has a row.
 *
 * @param array<string, mixed> $row      The row as it was read.
 * @param array<string, mixed> $document The document.
 * @return array{row: array, previous: ?array, work: string}|WP_Error
 */
function open_known( array $row, array $document ) {
	$refusal = refusal_of_claim( $row, $document );
	if ( null !== $refusal ) {
		return $refusal;
	}

	$row['post_id'] = Posts\find_of_row( $row );
	$state          = 0 === $row['post_id'] ? '' : Posts\state_of( $row['post_id'] );
	$is_there       = ! in_array( $state, array( '', 'trash', 'gone' ), true );

	$work     = WHOLE;
	$is_same  = $is_there && $row['revision'] === $document['revision'];
	$is_whole = ! in_array( 'failed', array_column( $row['images'], 'status' ), true );
	if ( $is_same && Reservations\DONE === $row['state'] && $is_whole ) {
		return result( $row, $row, NOTHING );
	}
	if ( $is_same && ( Reservations\DONE === $row['state'] || Reservations\ONLY_IMAGES === $row['done_at'] ) ) {
		$work = IMAGES;
	} elseif ( ! $document['restore'] && ! $is_there && '' !== $state ) {
		return refusal_of_removed( $row, $state );
	}

	$done_at = IMAGES === $work ? Reservations\ONLY_IMAGES : Reservations\done_before( $row );
	$claimed = Reservations\claim( $row, $document, $done_at );
	return is_wp_error( $claimed ) ? $claimed : result( $claimed, $row, $work );
}

/**
 * Why the post of a row is not written to: a person has taken it away, and only they bring it back.
 *
 * @param array<string, mixed> $row   The row.
 * @param string               $state What the post is: trash or gone.
 */
function refusal_of_removed( array $row, string $state ): WP_Error {
	return 'trash' === $state
		? conflict( 'igny8_post_trashed', 'The post is in the trash.', $row )
		: conflict( 'igny8_post_gone', 'The post was deleted.', $row );
}

/**
 * Why a request may not even look at the post.
 *
 * @param array<string, mixed> $row      The row.
 * @param array<string, mixed> $document The document.
 */
function refusal_of_claim( array $row, array $document ): ?WP_Error {
	if ( $document['fence'] < $row['fence'] ) {
		return Replies\error( 'igny8_stale_fence', 412, 'A newer claim was seen.', array( 'fence' => $row['fence'] ) );
	}
	if ( $document['revision'] < $row['revision'] ) {
		return Replies\error( 'igny8_stale_revision', 412, 'A newer revision was seen.', array( 'revision' => $row['revision'] ) );
	}
	if ( Reservations\IN_PROGRESS === $row['state'] && Reservations\is_fresh( $row['reserved_at'] ) ) {
		return Replies\in_progress();
	}
	$is_same_revision = $document['revision'] === $row['revision'];
	if ( $document['content_id'] !== $row['content_id'] || ( $is_same_revision && $document['fingerprint'] !== $row['fingerprint'] ) ) {
		return Replies\error( 'igny8_fingerprint_mismatch', 422, 'The same revision was seen with another document.' );
	}
	return null;
}

/**
 * Gives a post that carries the key, but has no row, its row back.
 *
 * That is so after the plugin was deleted and installed again. Its revision, 0, is
 * older than any that is sent.
 *
 * @param array<string, mixed> $document The document.
 */
function adopt( array $document ): void {
	$post_id = Posts\find_by_key( $document['publication_key'] );
	if ( 0 === $post_id ) {
		return;
	}
	Reservations\insert(
		array_merge(
			new_row( $document ),
			array(
				'post_id'     => $post_id,
				'state'       => Reservations\DONE,
				'fence'       => 0,
				'revision'    => 0,
				'fingerprint' => '',
				'done_at'     => time(),
			)
		)
	);
}

/**
 * The row of a key nobody has seen yet.
 *
 * @param array<string, mixed> $document The document.
 * @return array<string, mixed>
 */
function new_row( array $document ): array {
	return array(
		'publication_key' => $document['publication_key'],
		'content_id'      => $document['content_id'],
		'post_id'         => 0,
		'state'           => Reservations\IN_PROGRESS,
		'fence'           => $document['fence'],
		'revision'        => $document['revision'],
		'fingerprint'     => $document['fingerprint'],
		'images'          => array(),
		'reserved_at'     => time(),
		'done_at'         => 0,
	);
}

/**
 * The outcome of open().
 *
 * @param array<string, mixed>      $row      The row as it is now.
 * @param array<string, mixed>|null $previous The row as it was.
 * @param string                    $work     What is left to do: WHOLE, IMAGES or NOTHING.
 * @return array{row: array, previous: ?array, work: string}
 */
function result( array $row, ?array $previous, string $work = WHOLE ): array {
	return array(
		'row'      => $row,
		'previous' => $previous,
		'work'     => $work,
	);
}

/**
 * An error whose data is a publication.
 *
 * @param string               $code    The code.
 * @param string               $message For people.
 * @param array<string, mixed> $row     The row.
 */
function conflict( string $code, string $message, array $row ): WP_Error {
	return Replies\error( $code, 409, $message, Publications\describe( $row ) );
}
