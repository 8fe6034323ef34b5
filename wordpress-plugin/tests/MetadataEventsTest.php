<?php
/**
 * What is told of a post's terms and author.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Database;
use Igny8\Bridge\Events;
use Igny8\Bridge\Outbox;

/**
 * An event where they are other than was last told.
 */
final class MetadataEventsTest extends OutboxTestCase {

	/**
	 * Metadata holds names as people read them.
	 */
	public function test_metadata(): void {
		$post_id = $this->quiet_post();
		wp_set_post_terms( $post_id, array( 'R&D', 'art' ), 'post_tag' );
		Events\note_metadata();
		$body = $this->bodies()[0];
		$this->assertSame( array( 'R&D', 'art' ), $body['tags'] );
		$this->assertSame( array( 'Uncategorized' ), $body['categories'] );
		$this->assertSame( 'admin', $body['author']['name'] );
		$this->assertSame( get_post_timestamp( $post_id, 'modified' ), strtotime( $body['modified'] ) );
	}

	/**
	 * Of a post whose counts were lost, or are older than they, the next change of its terms is told too.
	 */
	public function test_without_counts(): void {
		global $wpdb;
		$post_id = $this->quiet_post();
		$wpdb->query( 'DELETE FROM ' . Database\sequences_table() );
		wp_set_post_terms( $post_id, array( 'sea' ), 'post_tag' );
		Events\note_metadata();
		$this->assertSame( array( 'metadata' ), $this->names() );
	}

	/**
	 * Another author is told too.
	 */
	public function test_author(): void {
		$post_id = $this->quiet_post();
		wp_update_post(
			array(
				'ID'          => $post_id,
				'post_author' => get_user_by( 'login', 'editor' )->ID,
			)
		);
		Events\note_metadata();
		$this->assertSame( array( 'updated', 'metadata' ), $this->names() );
		$this->assertSame( 'editor', $this->bodies()[1]['author']['name'] );
	}

	/**
	 * Terms that an update of ours left behind when it failed are not told as an editor's; those of an editor are.
	 */
	public function test_terms_of_a_failed_update(): void {
		$document = $this->document( array( 'tags' => array( 'First' ) ) );
		$post_id  = $this->publish_well( $document );
		Events\note_metadata();
		Outbox\clear();
		$second = array(
			'revision' => 2,
			'tags'     => array( 'Second' ),
		);
		add_filter( 'wp_insert_post_empty_content', '__return_true' );
		$this->assertSame( 500, $this->publish( $second + $document )->get_status() );
		remove_all_filters( 'wp_insert_post_empty_content' );
		Events\note_metadata();
		$this->assertSame( array(), $this->names() );
		Events\saved( $post_id, get_post( $post_id ), true, get_post( $post_id ) );
		Events\note_metadata();
		$this->assertSame( array( 'updated' ), $this->names() );

		wp_set_post_terms( $post_id, array( 'By an editor' ) );
		Events\note_metadata();
		$this->assertSame( array( 'updated', 'metadata' ), $this->names() );
	}
}
