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
 * Removes tables and options of the current site.
 */
function clean_site(): void {
	global $wpdb;
	$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}igny8_publications" );
	$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}igny8_media" );
	$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}igny8_carriers" );
	$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like( 'igny8_lock_' ) . '%' ) );
	delete_option( 'igny8_api_key' );
	delete_option( 'igny8_db_version' );
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
