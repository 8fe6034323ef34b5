<?php
/**
 * POST /publish: the route, and the order of the work.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Publish;

use Igny8\Bridge;
use Igny8\Bridge\Claims;
use Igny8\Bridge\Database;
use Igny8\Bridge\Document;
use Igny8\Bridge\EndedRequests;
use Igny8\Bridge\Events;
use Igny8\Bridge\Images;
use Igny8\Bridge\Ownership;
use Igny8\Bridge\OwnWrites;
use Igny8\Bridge\Posts;
use Igny8\Bridge\Publications;
use Igny8\Bridge\Replies;
use Igny8\Bridge\Reservations;
use Igny8\Bridge\Seo;
use Igny8\Bridge\Terms;
use RuntimeException;
use Throwable;
use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

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
	Bridge\register_route( '/publish', 'POST', __NAMESPACE__ . '\\publish' );
}

/**
 * Makes the post of a publication, or brings it up to the revision sent.
 *
 * @param WP_REST_Request $request The request.
 */
function publish( WP_REST_Request $request ): WP_REST_Response {
	$document = Document\read( $request );
	return is_wp_error( $document ) ? Replies\refuse( $document ) : Replies\if_readable( static fn() => answer( $document ) );
}

/**
 * Answers for a document that was understood.
 *
 * @param array<string, mixed> $document The document.
 * @throws RuntimeException The database could not be read.
 */
function answer( array $document ): WP_REST_Response {
	$claim = Claims\open( $document );
	if ( is_wp_error( $claim ) ) {
		return Replies\refuse( $claim );
	}
	if ( Claims\NOTHING === $claim['work'] ) {
		Reservations\raise_fence( $claim['row'], $document['fence'] );
		return Replies\replay( Publications\describe_key( $document['publication_key'] ) );
	}

	$row   = $claim['row'];
	$error = OwnWrites\during(
		$document['publication_key'],
		static function () use ( $claim, &$row, $document ): ?WP_Error {
			return work( $claim['work'], $row, $document );
		}
	);
	if ( null !== $error ) {
		Events\broke_off( $row );
		Reservations\release( $row, $claim['previous'] );
		return Replies\refuse( $error );
	}
	Events\published( $row, is_new_post( $row, $claim['previous'] ) );
	$publication = Publications\describe_key( $document['publication_key'] );
	if ( Claims\IMAGES === $claim['work'] ) {
		return Replies\replay( $publication );
	}
	return Replies\answer( $publication, is_new_post( $row, $claim['previous'] ) ? 201 : 200 );
}

/**
 * Does the work of a claim; whatever another plugin's hook throws, the claim comes back.
 *
 * @param string               $work     Claims\WHOLE or Claims\IMAGES.
 * @param array<string, mixed> $row      Our row; follows what is written.
 * @param array<string, mixed> $document The document.
 */
function work( string $work, array &$row, array $document ): ?WP_Error {
	try {
		return Ownership\while_ours(
			$row,
			static function () use ( $work, &$row, $document ): ?WP_Error {
				return EndedRequests\kept_open(
					static function () use ( $work, &$row, $document ): ?WP_Error {
						return Claims\IMAGES === $work ? retry_images( $row, $document ) : write_post( $row, $document );
					}
				);
			}
		);
	} catch ( Ownership\TakenOver $lost ) {
		Database\rollback();
		return Replies\in_progress();
	} catch ( Throwable $thrown ) {
		Database\rollback();
		return Replies\write_failed( get_class( $thrown ) . ': ' . $thrown->getMessage() );
	}
}

/**
 * Whether the request made the post: the first completion, or a new post for a deleted one.
 *
 * @param array<string, mixed>      $row      The row after the work.
 * @param array<string, mixed>|null $previous The row before it.
 */
function is_new_post( array $row, ?array $previous ): bool {
	return null === $previous || 0 === $previous['done_at'] || $previous['post_id'] !== $row['post_id'];
}

/**
 * Writes everything, the public part last: no hook sees a half-made published post.
 *
 * @param array<string, mixed> $row      Our row; follows what is written.
 * @param array<string, mixed> $document The document.
 */
function write_post( array &$row, array $document ): ?WP_Error {
	$error = Posts\ensure( $row, $document ) ?? Terms\assign( $row['post_id'], $document );
	if ( null !== $error ) {
		return $error;
	}
	$images = Images\attach_all( $row, $document );
	Seo\save( $row['post_id'], $document );
	if ( ! Reservations\renew( $row ) ) {
		return Replies\in_progress();
	}
	return refusal_of_removed( $row, $document ) ?? Posts\complete( $row['post_id'], $document, $images ) ?? finish( $row, $images );
}

/**
 * Why the post is not made public after all: images take their time, and a person may have taken it away meanwhile.
 *
 * @param array<string, mixed> $row      Our row.
 * @param array<string, mixed> $document The document.
 * @throws RuntimeException The database could not be read.
 */
function refusal_of_removed( array $row, array $document ): ?WP_Error {
	$state = Posts\state_of( $row['post_id'] );
	if ( ! in_array( $state, array( 'trash', 'gone' ), true ) ) {
		return null;
	}
	return $document['restore'] ? Replies\write_failed( 'The post was taken away meanwhile.' ) : Claims\refusal_of_removed( $row, $state );
}

/**
 * Tries the failed images of a finished publication again, and leaves the rest of the post alone.
 *
 * @param array<string, mixed> $row      Our row; follows what is written.
 * @param array<string, mixed> $document The document.
 */
function retry_images( array &$row, array $document ): ?WP_Error {
	$images = Images\attach_failed( $row, $document );
	if ( ! Reservations\renew( $row ) ) {
		return Replies\in_progress();
	}
	return Posts\update_gallery( $row['post_id'], $row['images'], $images ) ?? finish( $row, $images );
}

/**
 * Marks the row as done.
 *
 * @param array<string, mixed>             $row    Our row.
 * @param array<int, array<string, mixed>> $images What became of the images.
 */
function finish( array $row, array $images ): ?WP_Error {
	$columns = array(
		'state'   => Reservations\DONE,
		'images'  => wp_json_encode( $images ),
		'done_at' => time(),
	);
	return Reservations\write( $row, $columns ) ? null : Replies\in_progress();
}
