<?php
/**
 * Finding the post of a key that has no row.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Carriers;
use Igny8\Bridge\Listing;
use Igny8\Bridge\Posts;

/**
 * Posts\find_by_key(), by the table of posts that were seen to carry a key.
 */
final class FindByKeyTest extends BridgeTestCase {

	/**
	 * A post that carries a key and has no row.
	 *
	 * @param string $key The publication key.
	 */
	private function carrier( string $key ): int {
		return wp_insert_post(
			array(
				'post_title'  => 'Carrier',
				'post_status' => 'publish',
				'meta_input'  => array( Posts\KEY_META => $key ),
			)
		);
	}

	/**
	 * What may have happened to the notes.
	 *
	 * @return array<string, array{string}>
	 */
	public function notes(): array {
		return array(
			'never made'          => array( '' ),
			'made before'         => array( 'before' ),
			'made after'          => array( 'after' ),
			'lost'                => array( 'lost' ),
			'of a newer database' => array( 'newer' ),
		);
	}

	/**
	 * It is found whatever has become of the notes.
	 *
	 * @dataProvider notes
	 *
	 * @param string $notes What has become of them.
	 */
	public function test_found( string $notes ): void {
		$this->carrier( wp_generate_uuid4() );
		if ( in_array( $notes, array( 'before', 'lost', 'newer' ), true ) ) {
			Carriers\note_all();
		}
		$key     = wp_generate_uuid4();
		$post_id = $this->carrier( $key );
		if ( 'after' === $notes ) {
			Carriers\note_all();
		} elseif ( 'lost' === $notes ) {
			$this->scalar( 'DELETE FROM {igny8_carriers}' );
		} elseif ( 'newer' === $notes ) {
			$this->scalar( "UPDATE {igny8_carriers} SET post_id = 1000000000 WHERE publication_key = ''" );
		}

		$this->assertSame( $post_id, Posts\find_by_key( $key ) );
		$this->assertSame( 0, Posts\find_by_key( wp_generate_uuid4() ) );
	}

	/**
	 * A note of a post that no longer carries the key is not believed.
	 */
	public function test_stale_note(): void {
		$key     = wp_generate_uuid4();
		$post_id = $this->carrier( $key );
		Carriers\note_all();
		delete_post_meta( $post_id, Posts\KEY_META );

		$this->assertSame( 0, Posts\find_by_key( $key ) );
	}

	/**
	 * After a note only newer fields are read, and the mark stands in no page of the listing.
	 */
	public function test_mark(): void {
		$this->assertSame( 0, Carriers\noted_upto() );
		$this->carrier( wp_generate_uuid4() );
		Carriers\note_all();
		$first = Carriers\noted_upto();
		$this->carrier( wp_generate_uuid4() );
		Carriers\note_all();

		$this->assertGreaterThan( 0, $first );
		$this->assertGreaterThan( $first, Carriers\noted_upto() );
		$this->assertSame( '1', $this->scalar( "SELECT COUNT(*) FROM {igny8_carriers} WHERE publication_key = ''" ) );
		$this->assertCount( 2, Listing\page( '', 10 )['publications'] );
	}

	/**
	 * A post whose id is the number of the mark is noted like any other.
	 */
	public function test_mark_is_no_post(): void {
		$key     = wp_generate_uuid4();
		$post_id = $this->carrier( $key );
		$this->scalar( "INSERT INTO {igny8_carriers} (publication_key, post_id) VALUES ('', $post_id)" );

		Carriers\note_all();

		$this->assertSame( '1', $this->scalar( "SELECT COUNT(*) FROM {igny8_carriers} WHERE publication_key = '$key'" ) );
	}

	/**
	 * A post that cannot be looked for is not taken for none: no second one is made.
	 */
	public function test_unreadable(): void {
		$document = $this->document();
		$this->publish_well( $document );
		$this->scalar( 'DELETE FROM {igny8_publications}' );

		$refused = $this->while_broken( '/SELECT p.ID FROM `?\w+postmeta/', fn() => $this->publish( $document ) );

		$this->assert_refused( 500, 'igny8_read_failed', $refused );
		$this->assertSame( 200, $this->publish( array( 'revision' => 2 ) + $document )->get_status() );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
	}

	/**
	 * Nor where the notes cannot be read, while it is noted.
	 */
	public function test_unreadable_notes(): void {
		$document = $this->document();
		$this->publish_well( $document );
		Carriers\note_all();
		$this->scalar( 'DELETE FROM {igny8_publications}' );

		$refused = $this->while_broken( '/SELECT p.ID FROM `?\w+igny8_carriers/', fn() => $this->publish( $document ) );

		$this->assert_refused( 500, 'igny8_read_failed', $refused );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
	}

	/**
	 * Where there are no notes at all, as after a restored backup, they are begun anew.
	 */
	public function test_lost_notes(): void {
		$document = $this->document();
		$post_id  = $this->publish_well( $document );
		$this->scalar( 'DELETE FROM {igny8_publications}' );
		$this->scalar( 'DROP TABLE {igny8_carriers}' );

		$this->assertSame( $post_id, $this->publish_well( array( 'revision' => 2 ) + $document ) );
	}
}
