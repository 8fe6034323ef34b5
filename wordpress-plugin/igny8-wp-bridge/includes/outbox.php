<?php
/**
 * Events that wait to be sent: a table, so that a save only writes a row.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Outbox;

use Igny8\Bridge\Connection;
use Igny8\Bridge\Database;
use Igny8\Bridge\Registration;

const INSTALL_OPTION = 'igny8_install_id';
const KEPT_SECONDS   = 30 * DAY_IN_SECONDS;
const LEASE_SECONDS  = MINUTE_IN_SECONDS;

/**
 * Whether events are kept: there is somebody to send them to.
 */
function is_open(): bool {
	return Registration\is_done() && Connection\is_enabled();
}

/**
 * Puts an event into the table.
 *
 * @param string               $kind     `status` or `metadata`.
 * @param int                  $post_id  The post.
 * @param int                  $sequence Its number.
 * @param array<string, mixed> $body     The body.
 */
function add( string $kind, int $post_id, int $sequence, array $body ): bool {
	global $wpdb;
	$now   = time();
	$table = Database\outbox_table();
	return (bool) Database\insert_ignore(
		$wpdb->prepare(
			"INSERT IGNORE INTO $table (post_id, sequence, event_id, kind, body, created_at, due_at) VALUES (%d, %d, %s, %s, %s, %d, %d)",
			$post_id,
			$sequence,
			event_id( $post_id, $sequence, $now ),
			$kind,
			encode( $body ),
			$now,
			$now
		)
	);
}

/**
 * The id of an event.
 *
 * @param int $post_id  The post.
 * @param int $sequence Its number.
 * @param int $made_at  When it was made, in Unix seconds.
 */
function event_id( int $post_id, int $sequence, int $made_at ): string {
	return install_id() . ".$post_id.$sequence.$made_at";
}

/**
 * A body as it is sent.
 *
 * @param array<string, mixed> $body The body.
 */
function encode( array $body ): string {
	return (string) wp_json_encode( $body, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PARTIAL_OUTPUT_ON_ERROR );
}

/**
 * Makes an event anew that was written before the site moved: under the old address the engine takes it for another site's.
 *
 * It has another id then, for the engine refuses other bytes under one it has seen.
 *
 * @param array<string, mixed> $row The event, claimed.
 * @return array<string, mixed> As it is to be sent.
 */
function follow_move( array $row ): array {
	global $wpdb;
	$body = json_decode( $row['body'], true );
	$url  = Registration\site_url();
	if ( ! is_array( $body ) || ( $body['site_url'] ?? null ) === $url ) {
		return $row;
	}
	$changed = array(
		'event_id' => event_id( (int) $row['post_id'], (int) $row['sequence'], time() ),
		'body'     => encode( array_merge( $body, array( 'site_url' => $url ) ) ),
	);
	$wpdb->update( Database\outbox_table(), $changed, identity( $row ) );
	return array_merge( $row, $changed );
}

/**
 * Takes the next event that is due: of each post only the earliest may go.
 *
 * Its due time moves ahead by a lease, so that no other process sends it meanwhile, and
 * it is due again when this process dies.
 *
 * @return array<string, mixed>|null
 */
function claim(): ?array {
	global $wpdb;
	$table = Database\outbox_table();
	$now   = time();
	$rows  = $wpdb->get_results(
		$wpdb->prepare(
			"SELECT o.* FROM $table o JOIN (SELECT post_id, MIN(sequence) AS sequence FROM $table GROUP BY post_id) f
			ON f.post_id = o.post_id AND f.sequence = o.sequence WHERE o.due_at <= %d ORDER BY o.due_at, o.created_at, o.post_id LIMIT 10",
			$now
		),
		ARRAY_A
	);
	foreach ( (array) $rows as $row ) {
		$claimed = $wpdb->query(
			$wpdb->prepare(
				"UPDATE $table SET due_at = %d, attempts = attempts + 1 WHERE post_id = %d AND sequence = %d AND due_at = %d AND attempts = %d",
				$now + LEASE_SECONDS,
				$row['post_id'],
				$row['sequence'],
				$row['due_at'],
				$row['attempts']
			)
		);
		if ( 1 === (int) $claimed ) {
			$row['attempts'] = (int) $row['attempts'] + 1;
			return $row;
		}
	}
	return null;
}

/**
 * Removes an event that was taken, or given up.
 *
 * @param array<string, mixed> $row The event.
 */
function remove( array $row ): void {
	global $wpdb;
	$wpdb->delete( Database\outbox_table(), identity( $row ) );
}

/**
 * Leaves an event for later.
 *
 * @param array<string, mixed> $row The event.
 * @param int                  $at  When it is due, in Unix seconds.
 */
function postpone( array $row, int $at ): void {
	global $wpdb;
	$wpdb->update( Database\outbox_table(), array( 'due_at' => $at ), identity( $row ) );
}

/**
 * Makes everything due that waits after a failure.
 *
 * What another process is sending just now may go out twice, under the same id.
 */
function make_due(): void {
	global $wpdb;
	$table = Database\outbox_table();
	$now   = time();
	$wpdb->query( $wpdb->prepare( "UPDATE $table SET due_at = %d WHERE due_at > %d", $now, $now ) );
}

/**
 * What names an event.
 *
 * @param array<string, mixed> $row The event.
 * @return array<string, mixed>
 */
function identity( array $row ): array {
	return array_intersect_key( $row, array_flip( array( 'post_id', 'sequence' ) ) );
}

/**
 * When the next event is due, in Unix seconds.
 *
 * @return int|null Null where none waits.
 */
function next_due(): ?int {
	global $wpdb;
	$table = Database\outbox_table();
	$due   = $wpdb->get_var( "SELECT MIN(o.due_at) FROM $table o JOIN (SELECT post_id, MIN(sequence) AS sequence FROM $table GROUP BY post_id) f ON f.post_id = o.post_id AND f.sequence = o.sequence" );
	return null === $due ? null : (int) $due;
}

/**
 * How many events wait.
 */
function count_waiting(): int {
	global $wpdb;
	$table = Database\outbox_table();
	return (int) $wpdb->get_var( "SELECT COUNT(*) FROM $table" );
}

/**
 * Gives up what nobody wanted for too long.
 */
function drop_old(): void {
	global $wpdb;
	$table = Database\outbox_table();
	$wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE created_at < %d", time() - KEPT_SECONDS ) );
}

/**
 * Removes all events.
 */
function clear(): void {
	global $wpdb;
	$table = Database\outbox_table();
	$wpdb->query( "DELETE FROM $table" );
}

/**
 * What tells the events of this installation from those of any other.
 */
function install_id(): string {
	$id = (string) get_option( INSTALL_OPTION, '' );
	if ( '' === $id ) {
		$id = strtolower( wp_generate_password( 10, false ) );
		add_option( INSTALL_OPTION, $id );
		$id = (string) get_option( INSTALL_OPTION, $id ); // Of two requests at once, one has won.
	}
	return $id;
}
