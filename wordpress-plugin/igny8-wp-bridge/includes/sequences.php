<?php
/**
 * The number of each post's last event, and what was last told of it.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Sequences;

use Igny8\Bridge\Database;

const TRIES = 20;

/**
 * Takes the next number of a post.
 *
 * The mark tells our number from that of a request which came between the two statements;
 * then a number is left out, and another taken.
 *
 * @param int                                               $post_id The post.
 * @param array{publication_key: string, content_id: int} $facts   Whose post it is, kept for after it is deleted.
 * @return int From 1; 0 when the database refused.
 */
function next( int $post_id, array $facts ): int {
	global $wpdb;
	$table = Database\sequences_table();
	Database\insert_ignore( $wpdb->prepare( "INSERT IGNORE INTO $table (post_id) VALUES (%d)", $post_id ) );
	for ( $try = 0; $try < TRIES; ++$try ) {
		$mark = wp_generate_password( 20, false );
		$wpdb->query(
			$wpdb->prepare(
				"UPDATE $table SET sequence = sequence + 1, mark = %s, publication_key = %s, content_id = %d WHERE post_id = %d",
				$mark,
				$facts['publication_key'],
				$facts['content_id'],
				$post_id
			)
		);
		$number = $wpdb->get_var( $wpdb->prepare( "SELECT sequence FROM $table WHERE post_id = %d AND mark = %s", $post_id, $mark ) );
		if ( null !== $number ) {
			return (int) $number;
		}
	}
	return 0;
}

/**
 * What is known of several posts.
 *
 * @param int[] $post_ids At least one.
 * @return array<int, array{sequence: int, publication_key: string, content_id: int, shown: string}> By post id.
 */
function find_many( array $post_ids ): array {
	global $wpdb;
	$table = Database\sequences_table();
	$marks = implode( ', ', array_fill( 0, count( $post_ids ), '%d' ) );
	$found = array();
	foreach ( (array) $wpdb->get_results( $wpdb->prepare( "SELECT * FROM $table WHERE post_id IN ($marks)", $post_ids ), ARRAY_A ) as $row ) {
		$found[ (int) $row['post_id'] ] = array(
			'sequence'        => (int) $row['sequence'],
			'publication_key' => $row['publication_key'],
			'content_id'      => (int) $row['content_id'],
			'shown'           => $row['shown'],
		);
	}
	return $found;
}

/**
 * Notes what was last told of a post's terms and author.
 *
 * @param int    $post_id The post.
 * @param string $digest  Of what was told.
 * @return bool Whether that was something new.
 */
function show( int $post_id, string $digest ): bool {
	global $wpdb;
	$table = Database\sequences_table();
	Database\insert_ignore( $wpdb->prepare( "INSERT IGNORE INTO $table (post_id) VALUES (%d)", $post_id ) );
	return 1 === (int) $wpdb->query( $wpdb->prepare( "UPDATE $table SET shown = %s WHERE post_id = %d AND shown <> %s", $digest, $post_id, $digest ) );
}
