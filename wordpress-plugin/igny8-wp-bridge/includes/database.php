<?php
/**
 * The bridge's tables, and transactions.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Database;

use RuntimeException;

const VERSION        = '3';
const VERSION_OPTION = 'igny8_db_version';

/**
 * Hooks the check for missing tables.
 *
 * An activation hook runs once for a whole network, and not at all when files
 * are copied over an older version; so whoever needs the tables looks first.
 */
function setup(): void {
	add_action( 'rest_api_init', __NAMESPACE__ . '\\install_if_needed', 1 );
	add_action( 'admin_init', __NAMESPACE__ . '\\install_if_needed' );
}

/**
 * The name of the table of publications.
 */
function publications_table(): string {
	global $wpdb;
	return $wpdb->prefix . 'igny8_publications';
}

/**
 * The name of the table of images.
 */
function media_table(): string {
	global $wpdb;
	return $wpdb->prefix . 'igny8_media';
}

/**
 * The name of the table of posts that were seen to carry a key.
 */
function carriers_table(): string {
	global $wpdb;
	return $wpdb->prefix . 'igny8_carriers';
}

/**
 * The name of the table of events that wait to be sent.
 */
function outbox_table(): string {
	global $wpdb;
	return $wpdb->prefix . 'igny8_outbox';
}

/**
 * The name of the table of the posts that had events, and their numbers.
 */
function sequences_table(): string {
	global $wpdb;
	return $wpdb->prefix . 'igny8_sequences';
}

/**
 * All tables of this site.
 *
 * @return string[]
 */
function tables(): array {
	return array( publications_table(), media_table(), carriers_table(), outbox_table(), sequences_table() );
}

/**
 * Makes the tables of this site where they are missing or old.
 */
function install_if_needed(): void {
	if ( get_option( VERSION_OPTION ) !== VERSION ) {
		install();
	}
}

/**
 * Makes or alters the tables of this site.
 *
 * Times are Unix seconds. `done_at` is 0 until the publication was complete once, and
 * Reservations\ONLY_IMAGES while only its failed images are tried again.
 */
function install(): void {
	global $wpdb;
	require_once ABSPATH . 'wp-admin/includes/upgrade.php';

	$collate      = $wpdb->get_charset_collate();
	$publications = publications_table();
	$media        = media_table();
	$carriers     = carriers_table();
	$outbox       = outbox_table();
	$sequences    = sequences_table();

	dbDelta(
		"CREATE TABLE $publications (
			publication_key varchar(36) NOT NULL,
			content_id bigint(20) unsigned NOT NULL,
			post_id bigint(20) unsigned NOT NULL DEFAULT 0,
			state varchar(20) NOT NULL,
			fence bigint(20) unsigned NOT NULL,
			revision bigint(20) unsigned NOT NULL,
			fingerprint varchar(64) NOT NULL,
			images longtext NOT NULL,
			reserved_at bigint(20) unsigned NOT NULL,
			done_at bigint(20) unsigned NOT NULL DEFAULT 0,
			PRIMARY KEY  (publication_key),
			UNIQUE KEY content_id (content_id),
			KEY post_id (post_id)
		) $collate;
		CREATE TABLE $media (
			hash varchar(64) NOT NULL,
			attachment_id bigint(20) unsigned NOT NULL DEFAULT 0,
			reserved_at bigint(20) unsigned NOT NULL,
			PRIMARY KEY  (hash),
			KEY attachment_id (attachment_id)
		) $collate;
		CREATE TABLE $carriers (
			publication_key varchar(36) NOT NULL,
			post_id bigint(20) unsigned NOT NULL,
			PRIMARY KEY  (publication_key,post_id),
			KEY post_id (post_id)
		) $collate;
		CREATE TABLE $outbox (
			post_id bigint(20) unsigned NOT NULL,
			sequence bigint(20) unsigned NOT NULL,
			event_id varchar(128) NOT NULL,
			kind varchar(20) NOT NULL,
			body longtext NOT NULL,
			created_at bigint(20) unsigned NOT NULL,
			due_at bigint(20) unsigned NOT NULL,
			attempts int(10) unsigned NOT NULL DEFAULT 0,
			PRIMARY KEY  (post_id,sequence),
			KEY due_at (due_at)
		) $collate;
		CREATE TABLE $sequences (
			post_id bigint(20) unsigned NOT NULL,
			sequence bigint(20) unsigned NOT NULL DEFAULT 0,
			mark varchar(20) NOT NULL DEFAULT '',
			publication_key varchar(36) NOT NULL DEFAULT '',
			content_id bigint(20) unsigned NOT NULL DEFAULT 0,
			shown varchar(64) NOT NULL DEFAULT '',
			PRIMARY KEY  (post_id)
		) $collate;"
	);
	update_option( VERSION_OPTION, VERSION );
}

/**
 * Runs an INSERT that another request may win.
 *
 * Where the table itself is missing (a restored backup keeps the option and may
 * lose the table), it is made and the statement tried again.
 *
 * @param string $sql A prepared INSERT IGNORE.
 * @return bool|null Whether our row went in; null when the database takes no rows: its disk is full, or it may only be read.
 */
function insert_ignore( string $sql ): ?bool {
	global $wpdb;
	$shown    = $wpdb->suppress_errors( true );
	$inserted = $wpdb->query( $sql ); // phpcs:ignore -- Prepared by the caller.
	if ( false === $inserted ) { // Also after a deadlock.
		if ( ! has_tables() ) {
			install();
		}
		$inserted = $wpdb->query( $sql ); // phpcs:ignore -- Prepared by the caller.
	}
	$wpdb->suppress_errors( $shown );
	return false === $inserted ? null : 1 === (int) $inserted;
}

/**
 * Reads rows, and tells none from a database that did not answer: wpdb returns the same for both.
 *
 * @param string $sql A prepared SELECT.
 * @return array<int, array<string, string>>
 * @throws RuntimeException With what the database said.
 */
function read( string $sql ): array {
	global $wpdb;
	$shown = $wpdb->suppress_errors( true );
	$rows  = $wpdb->get_results( $sql, ARRAY_A ); // phpcs:ignore -- Prepared by the caller.
	$wpdb->suppress_errors( $shown );
	if ( '' !== $wpdb->last_error || ! is_array( $rows ) ) {
		throw new RuntimeException( $wpdb->last_error );
	}
	return $rows;
}

/**
 * Whether the tables are all there.
 */
function has_tables(): bool {
	global $wpdb;
	foreach ( tables() as $table ) {
		if ( null === $wpdb->get_var( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $table ) ) ) ) {
			return false;
		}
	}
	return true;
}

/**
 * Opens a transaction; without effect on engines that have none.
 */
function begin(): void {
	global $wpdb;
	$wpdb->query( 'START TRANSACTION' );
}

/**
 * Ends a transaction and keeps what it wrote.
 */
function commit(): void {
	global $wpdb;
	$wpdb->query( 'COMMIT' );
}

/**
 * Ends a transaction and forgets what it wrote.
 */
function rollback(): void {
	global $wpdb;
	$wpdb->query( 'ROLLBACK' );
}

/**
 * Whether the tables a publication touches have transactions.
 */
function has_transactions(): bool {
	global $wpdb;
	$tables  = array( $wpdb->posts, $wpdb->postmeta, publications_table() );
	$shown   = $wpdb->suppress_errors( true );
	$engines = array();
	foreach ( $tables as $table ) {
		$engines[] = $wpdb->get_var(
			$wpdb->prepare(
				'SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s',
				$table
			)
		);
	}
	$wpdb->suppress_errors( $shown );
	return array( 'innodb' ) === array_unique( array_map( 'strtolower', array_map( 'strval', $engines ) ) );
}
