<?php
/**
 * The rows of the table of publications.
 *
 * A request owns a row while the row is in progress and `reserved_at` and `fence` are the
 * values that request wrote; every write below names them, so a request that was given up
 * and taken over cannot write any more.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Reservations;

use Igny8\Bridge\Database;
use Igny8\Bridge\Replies;
use RuntimeException;
use WP_Error;

const IN_PROGRESS   = 'in_progress';
const DONE          = 'done';
const STALE_SECONDS = 120;

/**
 * What `done_at` is while only the failed images of a finished publication are tried again: whoever takes such
 * a request over must not write the text anew, which an editor may have changed.
 */
const ONLY_IMAGES = 1;

/**
 * Reads the row of a key.
 *
 * @param string $key The publication key.
 * @return array<string, mixed>|null
 */
function find( string $key ): ?array {
	global $wpdb;
	$table = Database\publications_table();
	return typed( $wpdb->get_row( $wpdb->prepare( "SELECT * FROM $table WHERE publication_key = %s", $key ), ARRAY_A ) );
}

/**
 * Reads the row of a content.
 *
 * @param int $content_id Our id of the content.
 * @return array<string, mixed>|null
 */
function find_by_content( int $content_id ): ?array {
	global $wpdb;
	$table = Database\publications_table();
	return typed( $wpdb->get_row( $wpdb->prepare( "SELECT * FROM $table WHERE content_id = %d", $content_id ), ARRAY_A ) );
}

/**
 * Reads the rows of several keys.
 *
 * @param string[] $keys Publication keys, at least one.
 * @return array<int, array<string, mixed>>
 * @throws RuntimeException The database could not be read.
 */
function find_many( array $keys ): array {
	global $wpdb;
	$table = Database\publications_table();
	$marks = implode( ', ', array_fill( 0, count( $keys ), '%s' ) );
	$rows  = Database\read( $wpdb->prepare( "SELECT * FROM $table WHERE publication_key IN ($marks)", $keys ) );
	return array_map( __NAMESPACE__ . '\\typed', $rows );
}

/**
 * Gives the columns of a row their types; the database hands out strings.
 *
 * @param array<string, mixed>|null $row The row.
 * @return array<string, mixed>|null
 */
function typed( ?array $row ): ?array {
	if ( null === $row ) {
		return null;
	}
	foreach ( array( 'content_id', 'post_id', 'fence', 'revision', 'reserved_at', 'done_at' ) as $name ) {
		$row[ $name ] = (int) $row[ $name ];
	}
	$row['images'] = (array) json_decode( $row['images'], true );
	return $row;
}

/**
 * Makes the row of a new key; of many requests at once, one wins.
 *
 * @param array<string, mixed> $row Every column.
 * @return bool|null Whether we won; null when the database refused.
 */
function insert( array $row ): ?bool {
	global $wpdb;
	$table = Database\publications_table();
	return Database\insert_ignore(
		$wpdb->prepare(
			"INSERT IGNORE INTO $table
			(publication_key, content_id, post_id, state, fence, revision, fingerprint, images, reserved_at, done_at)
			VALUES (%s, %d, %d, %s, %d, %d, %s, '[]', %d, %d)",
			$row['publication_key'],
			$row['content_id'],
			$row['post_id'],
			$row['state'],
			$row['fence'],
			$row['revision'],
			$row['fingerprint'],
			$row['reserved_at'],
			$row['done_at']
		)
	);
}

/**
 * Puts a known row in progress for us, if it is still as we read it.
 *
 * @param array<string, mixed> $row      As it was read, with the post that was found for it.
 * @param array<string, mixed> $document What is to be published.
 * @param int                  $done_at  When it was complete once, or ONLY_IMAGES.
 * @return array<string, mixed>|WP_Error The row as it is now; an error when another request was quicker, or the database refused.
 */
function claim( array $row, array $document, int $done_at ) {
	global $wpdb;
	$table = Database\publications_table();
	$now   = time();
	$rows  = $wpdb->query(
		$wpdb->prepare(
			"UPDATE $table SET state = %s, reserved_at = %d, fence = %d, revision = %d, fingerprint = %s, post_id = %d, done_at = %d
			WHERE publication_key = %s AND state = %s AND reserved_at = %d AND fence = %d AND revision = %d",
			IN_PROGRESS,
			$now,
			$document['fence'],
			$document['revision'],
			$document['fingerprint'],
			$row['post_id'],
			$done_at,
			$row['publication_key'],
			$row['state'],
			$row['reserved_at'],
			$row['fence'],
			$row['revision']
		)
	);
	if ( 1 !== $rows ) {
		return false === $rows ? Replies\not_stored() : Replies\in_progress();
	}
	$changed = array_intersect_key( $document, array_flip( array( 'fence', 'revision', 'fingerprint' ) ) );
	return array_merge(
		$row,
		$changed,
		array(
			'state'       => IN_PROGRESS,
			'reserved_at' => $now,
			'done_at'     => $done_at,
		)
	);
}

/**
 * Whether who reserved something at a time may still be at work.
 *
 * A time to come is that of a clock that was ahead: it is believed no longer than any other.
 *
 * @param int $reserved_at When, in Unix seconds.
 */
function is_fresh( int $reserved_at ): bool {
	return abs( time() - $reserved_at ) < STALE_SECONDS;
}

/**
 * Writes columns of a row we own.
 *
 * @param array<string, mixed> $row     The row as we hold it.
 * @param array<string, mixed> $columns What to write.
 * @return bool False when the row is no longer ours, or the database refused.
 */
function write( array $row, array $columns ): bool {
	global $wpdb;
	$owned = array(
		'publication_key' => $row['publication_key'],
		'state'           => IN_PROGRESS,
		'reserved_at'     => $row['reserved_at'],
		'fence'           => $row['fence'],
	);
	return 1 === (int) $wpdb->update( Database\publications_table(), $columns, $owned );
}

/**
 * Whether a row is still ours.
 *
 * @param array<string, mixed> $row The row as we hold it.
 */
function is_ours( array $row ): bool {
	$now = find( $row['publication_key'] );
	return null !== $now && array( IN_PROGRESS, $row['reserved_at'], $row['fence'] ) === array( $now['state'], $now['reserved_at'], $now['fence'] );
}

/**
 * When a publication was complete once, for a claim that writes all of it; 0 if never.
 *
 * @param array<string, mixed> $row The row.
 */
function done_before( array $row ): int {
	return ONLY_IMAGES === $row['done_at'] ? time() : $row['done_at'];
}

/**
 * Makes the row say that the post may show something of an older document than it promises.
 *
 * Of a finished publication it says the revision that was written late: whoever looks it up, or takes a
 * census, sees that it is behind and sends the newest again. A request that is still at work loses the
 * row, and so does not finish it; its next try writes everything anew.
 *
 * @param array<string, mixed> $row The row as the late writer holds it.
 */
function tell_of_late_write( array $row ): void {
	$document = array_intersect_key( $row, array_flip( array( 'revision', 'fingerprint' ) ) );
	do {
		$now = find( $row['publication_key'] );
		if ( null === $now || array_intersect_key( $now, $document ) === $document ) {
			return; // The same document, whoever wrote it.
		}
		$truth = DONE === $now['state'] ? $document : array(
			'reserved_at' => 0,
			'done_at'     => done_before( $now ),
		);
		$seen  = array_intersect_key( $now, array_flip( array( 'publication_key', 'state', 'reserved_at', 'fence', 'revision', 'fingerprint' ) ) );
	} while ( array_intersect_key( $now, $truth ) !== $truth && 0 === change( $seen, $truth ) );
}

/**
 * Changes a row that is still as it was seen.
 *
 * @param array<string, mixed> $seen    As it was.
 * @param array<string, mixed> $columns What to write.
 * @return int|null How many rows were changed, null when the database refused.
 */
function change( array $seen, array $columns ): ?int {
	global $wpdb;
	$changed = $wpdb->update( Database\publications_table(), $columns, $seen );
	return false === $changed ? null : (int) $changed;
}

/**
 * Tells that we are still working, so that nobody takes over.
 *
 * @param array<string, mixed> $row The row as we hold it; its reserved_at moves.
 * @return bool False when somebody did take over.
 */
function renew( array &$row ): bool {
	$now = time();
	if ( $now === $row['reserved_at'] ) {
		return is_ours( $row ); // Writing the same value again changes no row.
	}
	if ( ! write( $row, array( 'reserved_at' => $now ) ) ) {
		return false;
	}
	$row['reserved_at'] = $now;
	return true;
}

/**
 * Remembers the highest fence seen; that of a row at which somebody works is theirs.
 *
 * @param array<string, mixed> $row   The row.
 * @param int                  $fence The fence of this request.
 */
function raise_fence( array $row, int $fence ): void {
	global $wpdb;
	$table = Database\publications_table();
	$wpdb->query( $wpdb->prepare( "UPDATE $table SET fence = %d WHERE publication_key = %s AND state = %s AND fence < %d", $fence, $row['publication_key'], DONE, $fence ) );
}

/**
 * Gives up a row we own, so that the next request need not wait.
 *
 * The images stay as they are: a featured image that was noted may be on the post, and must be known as ours.
 *
 * @param array<string, mixed>      $row      The row as we hold it.
 * @param array<string, mixed>|null $previous The row as it was before our claim, null when we made it.
 */
function release( array $row, ?array $previous ): void {
	global $wpdb;
	if ( null === $previous && 0 === $row['post_id'] ) {
		$wpdb->delete(
			Database\publications_table(),
			array(
				'publication_key' => $row['publication_key'],
				'reserved_at'     => $row['reserved_at'],
				'fence'           => $row['fence'],
			)
		);
	} elseif ( null !== $previous && DONE === $previous['state'] && $previous['post_id'] === $row['post_id'] ) {
		write( $row, array_intersect_key( $previous, array_flip( array( 'state', 'revision', 'fingerprint', 'done_at' ) ) ) );
	} else {
		write( $row, array( 'reserved_at' => 0 ) );
	}
}
