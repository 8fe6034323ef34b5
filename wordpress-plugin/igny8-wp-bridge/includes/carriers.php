<?php
/**
 * The posts that carry a publication key, noted in a table of ours.
 *
 * No index of WordPress finds posts by the value of a field.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Carriers;

use Igny8\Bridge\Body;
use Igny8\Bridge\Database;
use Igny8\Bridge\Posts;
use RuntimeException;

const READ_AT_ONCE  = 10000;
const NOTED_AT_ONCE = 500;

/**
 * Notes the posts that carry a key and are not noted yet.
 *
 * Reading and writing are two statements: INSERT ... SELECT would lock the fields of
 * posts that are being published.
 *
 * @throws RuntimeException The database refused.
 */
function note_all(): void {
	global $wpdb;
	if ( ! Database\has_tables() ) {
		Database\install();
	}
	$carriers = Database\carriers_table();
	$newest   = newest_field();
	$last     = 0;
	do {
		$found = Database\read(
			$wpdb->prepare(
				"SELECT m.meta_id, m.post_id, m.meta_value FROM {$wpdb->postmeta} m LEFT JOIN $carriers c ON c.post_id = m.post_id AND c.publication_key <> ''
				WHERE m.meta_key = %s AND m.meta_id > %d AND c.post_id IS NULL ORDER BY m.meta_id LIMIT %d",
				Posts\KEY_META,
				$last,
				READ_AT_ONCE
			)
		);
		$keyed = array_filter( $found, static fn( array $field ): bool => Body\is_of_kind( $field['meta_value'], 'uuid' ) );
		foreach ( array_chunk( $keyed, NOTED_AT_ONCE ) as $some ) {
			note( $some );
		}
		$last = array() === $found ? 0 : (int) end( $found )['meta_id'];
	} while ( READ_AT_ONCE === count( $found ) );
	remember_upto( $newest );
}

/**
 * The id of the newest field that holds a key, 0 where there is none.
 */
function newest_field(): int {
	global $wpdb;
	return (int) $wpdb->get_var( $wpdb->prepare( "SELECT MAX(meta_id) FROM {$wpdb->postmeta} WHERE meta_key = %s", Posts\KEY_META ) );
}

/**
 * Remembers up to which field all posts are noted: in the table itself, under an empty key, so that it is lost with it.
 *
 * @param int $field The field's id.
 */
function remember_upto( int $field ): void {
	global $wpdb;
	$carriers = Database\carriers_table();
	$wpdb->query( $wpdb->prepare( "DELETE FROM $carriers WHERE publication_key = '' AND post_id <> %d", $field ) );
	if ( $field > 0 ) {
		$wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO $carriers (publication_key, post_id) VALUES ('', %d)", $field ) );
	}
}

/**
 * The id of the field up to which every post that carries a key is noted.
 *
 * 0, which believes nothing, where the field itself is gone, as after a restored backup: ids may be given out again then.
 */
function noted_upto(): int {
	global $wpdb;
	$carriers = Database\carriers_table();
	return (int) $wpdb->get_var(
		$wpdb->prepare(
			"SELECT MAX(c.post_id) FROM $carriers c JOIN {$wpdb->postmeta} m ON m.meta_id = c.post_id
			WHERE c.publication_key = '' AND m.meta_key = %s",
			Posts\KEY_META
		)
	);
}

/**
 * Notes posts and the keys they carry.
 *
 * @param array<int, array<string, string>> $fields Each with post_id and meta_value.
 * @throws RuntimeException The database refused.
 */
function note( array $fields ): void {
	global $wpdb;
	$carriers = Database\carriers_table();
	$values   = array();
	foreach ( $fields as $field ) {
		$values[] = $wpdb->prepare( '(%s, %d)', strtolower( $field['meta_value'] ), $field['post_id'] );
	}
	if ( false === $wpdb->query( "INSERT IGNORE INTO $carriers (publication_key, post_id) VALUES " . implode( ', ', $values ) ) ) { // phpcs:ignore -- Each value is prepared.
		throw new RuntimeException( 'The posts could not be noted.' );
	}
}
