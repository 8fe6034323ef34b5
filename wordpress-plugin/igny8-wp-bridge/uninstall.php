<?php
/**
 * Removes what the plugin stored, on every site of a network.
 *
 * Posts and images stay, with the field that names their publication: an
 * installation that comes back knows them again and makes no second copy.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Uninstall;

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/**
 * Removes tables, options and planned events of the current site.
 */
function clean_site(): void {
	global $wpdb;
	foreach ( array( 'publications', 'media', 'carriers', 'outbox', 'sequences' ) as $name ) {
		$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}igny8_$name" );
	}
	$options = array( 'igny8\_%', '\_transient\_igny8\_%', '\_transient\_timeout\_igny8\_%' );
	foreach ( $options as $pattern ) {
		$names = $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s", $pattern ) );
		array_map( 'delete_option', $names );
	}
	foreach ( array( 'igny8_sync_site_structure', 'igny8_retry_site_structure', 'igny8_hourly', 'igny8_send_events' ) as $event ) {
		wp_clear_scheduled_hook( $event );
	}
}

if ( is_multisite() ) {
	$igny8_site_ids = get_sites(
		array(
			'fields' => 'ids',
			'number' => 0,
		)
	);
	foreach ( $igny8_site_ids as $igny8_site_id ) {
		switch_to_blog( $igny8_site_id );
		clean_site();
		restore_current_blog();
	}
} else {
	clean_site();
}
