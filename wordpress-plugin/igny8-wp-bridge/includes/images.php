<?php
/**
 * The images of a publication.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Images;

use Igny8\Bridge\Document;
use Igny8\Bridge\ImageBytes;
use Igny8\Bridge\Media;
use Igny8\Bridge\Ownership\TakenOver;
use Igny8\Bridge\Replies;
use Igny8\Bridge\Reservations;
use WP_Error;

const ALT_BY_US_META  = '_igny8_alt';
const WAIT_SECONDS    = 10;
const POLL_MICROSEC   = 250000;
const FALLBACK_REASON = 'The image could not be attached.';

/**
 * Attaches every image of a document; one that fails is reported and fails alone.
 *
 * @param array<string, mixed>             $row      Our row; renewed between images, for downloads take their time.
 * @param array<string, mixed>             $document The document.
 * @param array<int, array<string, mixed>> $kept     Reports of images that are attached, and left as they are.
 * @param bool                             $may_show Whether the featured image is set as such.
 * @return array<int, array<string, mixed>> One report per image, in the order of the document.
 * @throws TakenOver When somebody took over meanwhile.
 */
function attach_all( array &$row, array $document, array $kept = array(), bool $may_show = true ): array {
	$reports = array();
	foreach ( Document\images( $document ) as $image ) {
		if ( ! Reservations\renew( $row ) ) {
			throw new TakenOver();
		}
		$reports[] = kept_report( $kept, $image ) ?? attach( $row, $image, $may_show );
	}
	$is_wanted = in_array( 'featured', array_column( $reports, 'role' ), true );
	if ( ! $is_wanted ) {
		remove_our_thumbnail( $row );
	}
	return $reports;
}

/**
 * Tries the images again that had failed. Those that are attached stay as an editor has left them, and so does
 * a featured image that an editor chose meanwhile.
 *
 * @param array<string, mixed> $row      Our row.
 * @param array<string, mixed> $document The document, the same as before.
 * @return array<int, array<string, mixed>> One report per image, in the order of the document.
 */
function attach_failed( array &$row, array $document ): array {
	$thumbnail = (int) get_post_thumbnail_id( $row['post_id'] );
	$attached  = array_filter( $row['images'], static fn( array $report ): bool => 'attached' === $report['status'] );
	return attach_all( $row, $document, $attached, 0 === $thumbnail || in_array( $thumbnail, array_column( $attached, 'attachment_id' ), true ) );
}

/**
 * What is known of an image that is attached.
 *
 * @param array<int, array<string, mixed>> $kept  Such reports.
 * @param array<string, string>            $image The image.
 * @return array<string, mixed>|null
 */
function kept_report( array $kept, array $image ): ?array {
	$name = array_intersect_key( report( $image, '', array() ), array_flip( array( 'role', 'hash', 'url' ) ) );
	foreach ( $kept as $report ) {
		if ( ( null === $name['hash'] || $report['hash'] === $name['hash'] ) && $report['role'] === $name['role'] && $report['url'] === $name['url'] ) {
			return array_merge( $report, array( 'alt' => $image['alt'], 'caption' => $image['caption'] ) );
		}
	}
	return null;
}

/**
 * Attaches one image.
 *
 * @param array<string, mixed>  $row      Our row.
 * @param array<string, string> $image    Role, hash, url, alt and caption.
 * @param bool                  $may_show Whether it may become the featured image.
 * @return array<string, mixed> The report.
 */
function attach( array $row, array $image, bool $may_show ): array {
	$post_id = $row['post_id'];
	$found   = '' === $image['hash'] ? attachment_of_url( $image ) : attachment_of_hash( $image['hash'] );
	if ( $may_show && ! is_wp_error( $found ) && 'featured' === $image['role'] && ! show_as_thumbnail( $row, $image, $found ) ) {
		$found = Replies\error( 'igny8_write_failed', 500, 'WordPress did not take it as a featured image.' );
	}
	if ( is_wp_error( $found ) ) {
		return report( $image, 'failed', array( 'error' => $found->get_error_message() ? $found->get_error_message() : FALLBACK_REASON ) );
	}
	describe_attachment( $found['attachment_id'], $post_id, $image );
	return report( $image, 'attached', Media\describe( $found['hash'], $found['attachment_id'] ) );
}

/**
 * A report as the protocol shows it; alt and caption are for the gallery and are not shown.
 *
 * @param array<string, string> $image  The image.
 * @param string                $status attached or failed.
 * @param array<string, mixed>  $facts  What is known.
 * @return array<string, mixed>
 */
function report( array $image, string $status, array $facts ): array {
	return array_merge(
		array(
			'role'          => $image['role'],
			'hash'          => '' === $image['hash'] ? null : $image['hash'],
			'url'           => '' === $image['url'] ? null : $image['url'],
			'status'        => $status,
			'attachment_id' => null,
			'media_url'     => null,
			'error'         => null,
			'alt'           => $image['alt'],
			'caption'       => $image['caption'],
		),
		$facts
	);
}

/**
 * The image that was pushed before.
 *
 * @param string $hash The hash.
 * @return array{hash: string, attachment_id: int}|WP_Error
 */
function attachment_of_hash( string $hash ) {
	$found = Media\find_many( array( $hash ) );
	if ( ! isset( $found[ $hash ] ) ) {
		return Replies\error( 'igny8_unknown_hash', 404, 'No image with this hash is in the Media Library.' );
	}
	return array(
		'hash'          => $hash,
		'attachment_id' => $found[ $hash ],
	);
}

/**
 * The image at a public address.
 *
 * @param array<string, string> $image The image.
 * @return array{hash: string, attachment_id: int}|WP_Error
 */
function attachment_of_url( array $image ) {
	if ( '' === $image['url'] ) {
		return Replies\error( 'igny8_no_image', 400, 'Neither a hash nor an address was given.' );
	}
	$bytes = ImageBytes\fetch( $image['url'] );
	if ( is_wp_error( $bytes ) ) {
		return $bytes;
	}
	$hash     = hash( 'sha256', $bytes );
	$name     = wp_basename( (string) wp_parse_url( $image['url'], PHP_URL_PATH ) );
	$deadline = microtime( true ) + WAIT_SECONDS;
	do {
		$stored = Media\store_once( $hash, $bytes, rawurldecode( $name ), $image['alt'] );
		if ( ! is_wp_error( $stored ) ) {
			return array( 'hash' => $hash ) + $stored;
		}
		if ( 'igny8_in_progress' !== $stored->get_error_code() ) {
			return $stored;
		}
		usleep( POLL_MICROSEC );
	} while ( microtime( true ) < $deadline );
	return $stored;
}

/**
 * Makes an attachment the featured image.
 *
 * It is noted in the row before: who takes over, and wants none, takes it away again.
 *
 * @param array<string, mixed>                    $row   Our row.
 * @param array<string, string>                   $image The image.
 * @param array{hash: string, attachment_id: int} $found Its attachment.
 */
function show_as_thumbnail( array $row, array $image, array $found ): bool {
	$note = report( $image, 'attached', Media\describe( $found['hash'], $found['attachment_id'] ) );
	if ( ! in_array( $note, $row['images'], true ) ) { // An earlier try may have noted it.
		Reservations\write( $row, array( 'images' => wp_json_encode( array_merge( $row['images'], array( $note ) ) ) ) );
	}
	set_post_thumbnail( $row['post_id'], $found['attachment_id'] ); // False also where nothing changed.
	return (int) get_post_thumbnail_id( $row['post_id'] ) === $found['attachment_id'];
}

/**
 * Takes away the featured image that an earlier revision set; an editor's own stays.
 *
 * @param array<string, mixed> $row The row, with the reports of the earlier revision.
 */
function remove_our_thumbnail( array $row ): void {
	foreach ( $row['images'] as $image ) {
		if ( 'featured' === $image['role'] && (int) get_post_thumbnail_id( $row['post_id'] ) === $image['attachment_id'] ) {
			delete_post_thumbnail( $row['post_id'] );
		}
	}
}

/**
 * Files an attachment under its post and gives it the texts that a person has not given.
 *
 * @param int                   $attachment_id The attachment.
 * @param int                   $post_id       The post id.
 * @param array<string, string> $image         The image.
 */
function describe_attachment( int $attachment_id, int $post_id, array $image ): void {
	$alt     = sanitize_text_field( $image['alt'] );
	$current = (string) get_post_meta( $attachment_id, Media\ALT_META, true );
	if ( '' !== $alt && ( '' === $current || get_post_meta( $attachment_id, ALT_BY_US_META, true ) === $current ) ) {
		update_post_meta( $attachment_id, Media\ALT_META, wp_slash( $alt ) );
		update_post_meta( $attachment_id, ALT_BY_US_META, wp_slash( $alt ) );
	}

	$attachment = get_post( $attachment_id );
	$changes    = array();
	if ( 0 === $attachment->post_parent ) {
		$changes['post_parent'] = $post_id;
	}
	if ( '' === $attachment->post_excerpt && '' !== $image['caption'] ) {
		$changes['post_excerpt'] = wp_slash( $image['caption'] );
	}
	if ( array() !== $changes ) {
		wp_update_post( array( 'ID' => $attachment_id ) + $changes );
	}
}
