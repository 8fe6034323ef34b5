<?php
/**
 * What happens to our posts becomes events in the outbox.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Connection;
use Igny8\Bridge\Events;
use Igny8\Bridge\Outbox;
use Igny8\Bridge\Registration;

/**
 * Each change writes a row in the same request, and nothing else does.
 */
final class EventsTest extends OutboxTestCase {

	/**
	 * A publish is one event with our origin, with everything the protocol names.
	 */
	public function test_publish(): void {
		$document = $this->document( array( 'title' => 'Tea & cake' ) );
		$post_id  = $this->publish_well( $document );
		Events\note_metadata();
		$this->assertSame( array( 'created' ), $this->names() );
		$body = $this->bodies()[0];
		ksort( $body );
		$this->assertSame(
			array(
				'content_id'      => $document['content_id'],
				'event'           => 'created',
				'fingerprint'     => $document['fingerprint'],
				'modified_gmt'    => str_replace( ' ', 'T', get_post( $post_id )->post_modified_gmt ) . 'Z',
				'origin'          => 'igny8',
				'post_id'         => $post_id,
				'post_status'     => 'publish',
				'post_title'      => 'Tea & cake',
				'post_url'        => get_permalink( $post_id ),
				'publication_key' => $document['publication_key'],
				'revision'        => 1,
				'sequence'        => 1,
				'site_url'        => home_url(),
			),
			$body
		);
	}

	/**
	 * A second revision is an update of ours; the same revision again is nothing.
	 */
	public function test_publish_again(): void {
		$document = $this->document();
		$this->publish_well( $document );
		$this->publish_well( $document );
		$this->publish_well(
			array(
				'revision' => 2,
				'title'    => 'New',
			) + $document
		);
		$this->assertSame( array( 'created', 'updated' ), $this->names() );
		$this->assertSame( array( 'igny8', 2 ), array( $this->bodies()[1]['origin'], $this->bodies()[1]['revision'] ) );
	}

	/**
	 * What people do with a post.
	 *
	 * @return array<string, array{0: callable, 1: string[], 2: string}>
	 */
	public function changes(): array {
		return array(
			'title'           => array(
				static fn( int $id ) => wp_update_post(
					array(
						'ID'         => $id,
						'post_title' => 'Other',
					)
				),
				array( 'updated' ),
				'publish',
			),
			'status'          => array(
				static fn( int $id ) => wp_update_post(
					array(
						'ID'          => $id,
						'post_status' => 'draft',
					)
				),
				array( 'status' ),
				'draft',
			),
			'private'         => array(
				static fn( int $id ) => wp_update_post(
					array(
						'ID'          => $id,
						'post_status' => 'private',
					)
				),
				array( 'status' ),
				'private',
			),
			'trash'           => array( static fn( int $id ) => wp_trash_post( $id ), array( 'trashed' ), 'trash' ),
			'trash and back'  => array(
				static function ( int $id ): void {
					wp_trash_post( $id );
					wp_untrash_post( $id );
				},
				array( 'trashed', 'untrashed' ),
				'draft',
			),
			'delete for good' => array( static fn( int $id ) => wp_delete_post( $id, true ), array( 'deleted' ), 'gone' ),
			'delete trashed'  => array(
				static function ( int $id ): void {
					wp_trash_post( $id );
					wp_delete_post( $id, true );
				},
				array( 'trashed', 'deleted' ),
				'gone',
			),
			'publish by cron' => array(
				static function ( int $id ): void {
					global $wpdb;
					$wpdb->update( $wpdb->posts, array( 'post_status' => 'future' ), array( 'ID' => $id ) );
					clean_post_cache( $id );
					wp_publish_post( $id );
				},
				array( 'status' ),
				'publish',
			),
			'term'            => array( static fn( int $id ) => wp_set_post_terms( $id, array( 'sea' ), 'post_tag' ), array( 'metadata' ), '' ),
			'term and title'  => array(
				static fn( int $id ) => wp_update_post(
					array(
						'ID'         => $id,
						'post_title' => 'Other',
						'tags_input' => array( 'sea' ),
					)
				),
				array( 'updated', 'metadata' ),
				'',
			),
			'no tag any more' => array( static fn( int $id ) => wp_remove_object_terms( $id, 'tea', 'post_tag' ), array( 'metadata' ), '' ),
			'tag deleted'     => array( static fn( int $id ) => wp_delete_term( get_term_by( 'name', 'tea', 'post_tag' )->term_id, 'post_tag' ), array( 'metadata' ), '' ),
			'same terms'      => array( static fn( int $id ) => wp_set_post_terms( $id, array( 'tea' ), 'post_tag' ), array(), '' ),
			'field'           => array( static fn( int $id ) => update_post_meta( $id, 'colour', 'red' ), array(), '' ),
			'revision'        => array( static fn( int $id ) => wp_save_post_revision( $id ), array(), '' ),
			'autosave'        => array(
				static fn( int $id ) => _wp_put_post_revision( $id, true ),
				array(),
				'',
			),
		);
	}

	/**
	 * Every change is told once, as what it is.
	 *
	 * @dataProvider changes
	 * @param callable $change Does it.
	 * @param string[] $names  The events.
	 * @param string   $status What the last one says of the post, empty where it does not.
	 */
	public function test_change( callable $change, array $names, string $status ): void {
		$post_id = $this->quiet_post();
		$change( $post_id );
		Events\note_metadata();
		$bodies = $this->bodies();
		$this->assertSame( $names, $this->names() );
		$this->assertSame( $status, end( $bodies )['post_status'] ?? '' );
		foreach ( array_column( $bodies, 'origin' ) as $origin ) {
			$this->assertSame( 'editor', $origin );
		}
		$this->assertSame( array_keys( $names ), array_map( static fn( int $number ): int => $number - 2, array_column( $bodies, 'sequence' ) ) );
	}

	/**
	 * Of posts that are not ours, and of copies, nothing is told.
	 */
	public function test_strangers(): void {
		$post_id = $this->quiet_post();
		$by_hand = wp_insert_post(
			array(
				'post_title'  => 'By hand',
				'post_status' => 'publish',
			)
		);
		$copy    = wp_insert_post(
			array(
				'post_title'  => 'Copy',
				'post_status' => 'publish',
				'meta_input'  => array( '_igny8_publication_key' => get_post_meta( $post_id, '_igny8_publication_key', true ) ),
			)
		);
		wp_delete_post( $by_hand, true );
		wp_delete_post( $copy, true );
		Events\note_metadata();
		$this->assertSame( array(), $this->names() );
	}

	/**
	 * A post whose row was lost is told of by its key.
	 */
	public function test_lost_row(): void {
		$post_id = $this->quiet_post();
		$this->scalar( 'DELETE FROM {igny8_publications}' );
		wp_trash_post( $post_id );
		$body = $this->bodies()[0];
		$this->assertSame( array( 0, 0, '' ), array( $body['content_id'], $body['revision'], $body['fingerprint'] ) );
		$this->assertSame( get_post_meta( $post_id, '_igny8_publication_key', true ), $body['publication_key'] );
	}

	/**
	 * Nobody to send to, or the switch is off: nothing is kept, but counted.
	 */
	public function test_closed(): void {
		$post_id = $this->quiet_post();
		update_option( Connection\ENABLED_OPTION, '' );
		wp_trash_post( $post_id );
		update_option( Connection\ENABLED_OPTION, '1' );
		Registration\forget();
		wp_untrash_post( $post_id );
		$this->register_site();
		wp_trash_post( $post_id );
		$this->assertSame( array( 4 ), array_column( $this->bodies(), 'sequence' ) );
	}

	/**
	 * The id names installation, post, number and second.
	 */
	public function test_id(): void {
		$post_id = $this->publish_well( $this->document() );
		$id      = (string) $this->scalar( 'SELECT event_id FROM {igny8_outbox}' );
		$this->assertMatchesRegularExpression( '/^[a-z0-9]{10}\.' . $post_id . '\.1\.\d{10}$/D', $id );
	}

	/**
	 * A save makes the tables where they are missing.
	 */
	public function test_missing_table(): void {
		$post_id = $this->quiet_post();
		$this->scalar( 'DROP TABLE {igny8_outbox}' );
		$this->scalar( 'DROP TABLE {igny8_sequences}' );
		wp_trash_post( $post_id );
		$this->assertSame( array( 'trashed' ), $this->names() );
	}

	/**
	 * Nothing goes over the network in a save, and the sending is planned.
	 */
	public function test_no_request_in_a_save(): void {
		$asked = 0;
		add_filter(
			'pre_http_request',
			static function () use ( &$asked ): array {
				++$asked;
				return array();
			}
		);
		$post_id = $this->quiet_post();
		wp_trash_post( $post_id );
		$this->assertSame( 0, $asked );
		$this->assertLessThanOrEqual( time(), wp_next_scheduled( 'igny8_send_events' ) );
	}

	/**
	 * A save pays for its event with a few statements, however many events wait.
	 */
	public function test_cost_of_a_save(): void {
		global $wpdb;
		$post_id = $this->quiet_post();
		wp_trash_post( $post_id ); // The first event plans the sending.
		$post  = get_post( $post_id );
		$costs = array();
		foreach ( array( 0, 50 ) as $waiting ) {
			for ( $number = 1; $number <= $waiting; ++$number ) {
				Outbox\add( 'status', 1000000 + $number, 1, array() );
			}
			$before = $wpdb->num_queries;
			Events\saved( $post_id, $post, true, $post );
			$costs[] = $wpdb->num_queries - $before;
		}
		$this->assertSame( $costs[0], $costs[1] );
		$this->assertLessThanOrEqual( 5, $costs[0] );
	}
}
