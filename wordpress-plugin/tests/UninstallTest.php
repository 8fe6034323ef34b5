<?php
/**
 * What a deleted plugin leaves.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Connection;
use Igny8\Bridge\Cron;
use Igny8\Bridge\Registration;

/**
 * Nothing but the posts.
 */
final class UninstallTest extends EngineTestCase {

	/**
	 * A deleted plugin leaves no table, no option and no plan; the posts keep their key.
	 */
	public function test_uninstall(): void {
		Connection\connect();
		$post_id = $this->publish_well( $this->document() );
		Cron\plan();
		set_transient( Registration\REFRESHED, 1, 60 );
		if ( ! defined( 'WP_UNINSTALL_PLUGIN' ) ) {
			define( 'WP_UNINSTALL_PLUGIN', 'igny8-wp-bridge/igny8-wp-bridge.php' );
		}
		require dirname( \Igny8\Bridge\PLUGIN_FILE ) . '/uninstall.php';
		$left = $this->scalar( "SELECT COUNT(*) FROM {options} WHERE option_name LIKE '%igny8%'" );
		$this->assertSame( '0', (string) $left );
		$this->assertFalse( \Igny8\Bridge\Database\has_tables() );
		foreach ( array( Cron\DAILY, Cron\HOURLY, Cron\SEND, Cron\RETRY ) as $event ) {
			$this->assertFalse( wp_next_scheduled( $event ) );
		}
		$this->assertNotSame( '', get_post_meta( $post_id, '_igny8_publication_key', true ) );
		\Igny8\Bridge\Database\install();
	}
}
