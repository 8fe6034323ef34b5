<?php
/**
 * What tests of events have in common.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Database;
use Igny8\Bridge\Events;
use Igny8\Bridge\Outbox;

/**
 * A site that keeps events, and what it keeps.
 */
abstract class OutboxTestCase extends BridgeTestCase {

	/**
	 * A site that has registered.
	 */
	protected function setUp(): void {
		parent::setUp();
		$this->register_site();
	}

	/**
	 * The bodies of the events that wait, in order.
	 *
	 * @return array<int, array<string, mixed>>
	 */
	protected function bodies(): array {
		global $wpdb;
		$table = Database\outbox_table();
		$rows  = $wpdb->get_col( "SELECT body FROM $table ORDER BY post_id, sequence" );
		return array_map( static fn( string $body ): array => json_decode( $body, true ), $rows );
	}

	/**
	 * What each event that waits is.
	 *
	 * @return string[]
	 */
	protected function names(): array {
		return array_map( static fn( array $body ): string => $body['event'] ?? 'metadata', $this->bodies() );
	}

	/**
	 * A published post of ours whose own event has been taken.
	 */
	protected function quiet_post(): int {
		$post_id = $this->publish_well( $this->document( array( 'tags' => array( 'tea' ) ) ) );
		Events\note_metadata();
		Outbox\clear();
		return $post_id;
	}
}
