<?php
/**
 * Puts images into the Media Library, each content once.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Media;

use Igny8\Bridge;
use Igny8\Bridge\Database;
use Igny8\Bridge\ImageBytes;
use Igny8\Bridge\Replies;
use Igny8\Bridge\Reservations;
use Throwable;
use WP_Error;

const HASH_META = '_igny8_media_hash';
const ALT_META  = '_wp_attachment_image_alt';

/**
 * Finds the attachments of several hashes.
 *
 * @param string[] $hashes Lower-case SHA-256 digests, at least one.
 * @return array<string, int> Hash => attachment id, only of attachments that are there.
 */
function find_many( array $hashes ): array {
	global $wpdb;
	$table = Database\media_table();
	$marks = implode( ', ', array_fill( 0, count( $hashes ), '%s' ) );
	$rows  = $wpdb->get_results( $wpdb->prepare( "SELECT hash, attachment_id FROM $table WHERE hash IN ($marks)", $hashes ), ARRAY_A );
	$found = array();
	foreach ( (array) $rows as $row ) {
		if ( is_there( (int) $row['attachment_id'] ) ) {
			$found[ $row['hash'] ] = (int) $row['attachment_id'];
		}
	}
	return $found;
}

/**
 * Whether an attachment is in the library; a person may have deleted it.
 *
 * @param int $attachment_id Its id.
 */
function is_there( int $attachment_id ): bool {
	$post = $attachment_id > 0 ? get_post( $attachment_id ) : null;
	return null !== $post && 'attachment' === $post->post_type && 'trash' !== $post->post_status;
}

/**
 * Stores an image unless its content is there.
 *
 * @param string $hash     SHA-256 of the bytes.
 * @param string $bytes    The bytes.
 * @param string $filename A wish; its extension follows the bytes.
 * @param string $alt      Alternative text.
 * @return array{attachment_id: int, is_new: bool}|WP_Error
 */
function store_once( string $hash, string $bytes, string $filename, string $alt ) {
	$mime = ImageBytes\mime_type( $bytes );
	if ( '' === $mime || ! in_array( $mime, get_allowed_mime_types(), true ) ) {
		$found = '' === $mime ? 'not a JPEG, PNG, GIF, WebP or AVIF image' : "of type $mime, which this site does not take";
		return Replies\error( 'igny8_not_an_image', 415, "The content is $found." );
	}
	$row = reserve( $hash );
	if ( is_wp_error( $row ) || $row['attachment_id'] > 0 ) {
		return is_wp_error( $row ) ? $row : stored( $row['attachment_id'], false );
	}

	$orphan        = find_by_meta( $hash );
	$attachment_id = $orphan > 0 ? $orphan : store( $hash, $bytes, file_name( $filename, $hash, $mime ), $alt );
	finish( $hash, $row['reserved_at'], is_wp_error( $attachment_id ) ? 0 : $attachment_id );
	return is_wp_error( $attachment_id ) ? $attachment_id : stored( $attachment_id, 0 === $orphan );
}

/**
 * The outcome of store_once().
 *
 * @param int  $attachment_id The attachment.
 * @param bool $is_new        Whether this request made it.
 * @return array{attachment_id: int, is_new: bool}
 */
function stored( int $attachment_id, bool $is_new ): array {
	return compact( 'attachment_id', 'is_new' );
}

/**
 * Reserves a hash, or finds what it is already.
 *
 * @param string $hash The hash.
 * @return array{attachment_id: int, reserved_at: int}|WP_Error The row is ours when its attachment_id is 0.
 */
function reserve( string $hash ) {
	global $wpdb;
	$table    = Database\media_table();
	$now      = time();
	$ours     = array(
		'attachment_id' => 0,
		'reserved_at'   => $now,
	);
	$inserted = Database\insert_ignore( $wpdb->prepare( "INSERT IGNORE INTO $table (hash, attachment_id, reserved_at) VALUES (%s, 0, %d)", $hash, $now ) );
	if ( false !== $inserted ) {
		return $inserted ? $ours : Replies\not_stored();
	}

	$row = $wpdb->get_row( $wpdb->prepare( "SELECT attachment_id, reserved_at FROM $table WHERE hash = %s", $hash ), ARRAY_A );
	if ( null === $row ) {
		return Replies\in_progress();
	}
	$row = array_map( 'intval', $row );
	if ( is_there( $row['attachment_id'] ) ) {
		return $row;
	}
	if ( 0 === $row['attachment_id'] && Reservations\is_fresh( $row['reserved_at'] ) ) {
		return Replies\in_progress();
	}
	$rows = $wpdb->update( $table, $ours, array( 'hash' => $hash ) + $row );
	if ( 1 === $rows ) {
		return $ours;
	}
	return false === $rows ? Replies\not_stored() : Replies\in_progress();
}

/**
 * Ends a reservation.
 *
 * @param string $hash          The hash.
 * @param int    $reserved_at   When we reserved it.
 * @param int    $attachment_id What was stored, 0 for nothing.
 */
function finish( string $hash, int $reserved_at, int $attachment_id ): void {
	global $wpdb;
	$ours = array(
		'hash'          => $hash,
		'attachment_id' => 0,
		'reserved_at'   => $reserved_at,
	);
	if ( 0 === $attachment_id ) {
		$wpdb->delete( Database\media_table(), $ours );
	} else {
		$wpdb->update( Database\media_table(), array( 'attachment_id' => $attachment_id ), $ours );
	}
}

/**
 * The attachment that a request which died, or a deleted plugin, left behind.
 *
 * @param string $hash The hash.
 * @return int Its id or 0.
 */
function find_by_meta( string $hash ): int {
	global $wpdb;
	$found = (int) $wpdb->get_var(
		$wpdb->prepare(
			"SELECT post_id FROM {$wpdb->postmeta} WHERE meta_key = %s AND meta_value = %s ORDER BY post_id LIMIT 1",
			HASH_META,
			$hash
		)
	);
	return is_there( $found ) ? $found : 0;
}

/**
 * A file name with the extension that the bytes ask for.
 *
 * @param string $wish What the sender calls it.
 * @param string $hash The hash, for want of a name.
 * @param string $mime The type by the bytes.
 */
function file_name( string $wish, string $hash, string $mime ): string {
	$base = pathinfo( sanitize_file_name( $wish ), PATHINFO_FILENAME );
	$base = '' === trim( $base, '.-_ ' ) ? substr( $hash, 0, 16 ) : substr( $base, 0, 100 );
	return $base . '.' . ImageBytes\EXTENSIONS[ $mime ];
}

/**
 * Makes the attachment and its smaller sizes.
 *
 * The hash is stored together with the attachment, before WordPress makes the sizes:
 * a request that dies over a huge picture leaves one that can be found.
 *
 * @param string $hash  The hash.
 * @param string $bytes The bytes.
 * @param string $name  The file name.
 * @param string $alt   Alternative text.
 * @return int|WP_Error The attachment id.
 */
function store( string $hash, string $bytes, string $name, string $alt ) {
	require_once ABSPATH . 'wp-admin/includes/file.php';
	require_once ABSPATH . 'wp-admin/includes/media.php';
	require_once ABSPATH . 'wp-admin/includes/image.php';

	$path = wp_tempnam( $name );
	try {
		if ( ! $path || strlen( $bytes ) !== file_put_contents( $path, $bytes ) ) {
			return Replies\write_failed( 'The temporary file could not be written.' );
		}
		$file   = array(
			'name'     => $name,
			'tmp_name' => $path,
		);
		$fields = array(
			'post_author' => Bridge\author_id(),
			'meta_input'  => array(
				HASH_META => $hash,
				ALT_META  => wp_slash( sanitize_text_field( $alt ) ),
			),
		);
		$result = media_handle_sideload( $file, 0, null, $fields );
		return is_wp_error( $result ) ? Replies\write_failed( $result->get_error_message() ) : $result;
	} catch ( Throwable $thrown ) {
		return Replies\write_failed( get_class( $thrown ) . ': ' . $thrown->getMessage() );
	} finally {
		if ( $path && file_exists( $path ) ) {
			wp_delete_file( $path );
		}
	}
}
