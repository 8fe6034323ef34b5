<?php
/**
 * The listing of every publication.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Claims;
use Igny8\Bridge\Database;
use Igny8\Bridge\Listing;
use Igny8\Bridge\Posts;
use Igny8\Bridge\Reservations;

/**
 * GET /publications?after=K&limit=N.
 */
final class CensusTest extends BridgeTestCase {

	/**
	 * Reads one page.
	 *
	 * @param array<string, string> $query In place of a limit of 200.
	 * @return array<string, mixed>
	 */
	private function page( array $query = array() ): array {
		$response = $this->send( 'GET', '/publications', $query + array( 'limit' => '200' ) );
		$this->assertSame( 200, $response->get_status(), (string) wp_json_encode( $response->get_data() ) );
		return $response->get_data();
	}

	/**
	 * The publications of one page by their keys.
	 *
	 * @return array<string, array<string, mixed>>
	 */
	private function listed(): array {
		return array_column( $this->page()['publications'], null, 'publication_key' );
	}

	/**
	 * A post as a plugin that copies posts makes it.
	 *
	 * @param string               $key    The publication key.
	 * @param array<string, mixed> $fields What the test cares about.
	 */
	private function copy( string $key, array $fields = array() ): int {
		return wp_insert_post(
			$fields + array(
				'post_title'  => 'Copy',
				'post_status' => 'publish',
				'meta_input'  => array( Posts\KEY_META => $key ),
			)
		);
	}

	/**
	 * Page by page, each key comes once and in its order.
	 */
	public function test_pages(): void {
		$keys = array();
		foreach ( range( 1, 5 ) as $number ) {
			$document = $this->document();
			$this->publish_well( $document );
			$keys[] = $document['publication_key'];
		}
		$keys[] = wp_generate_uuid4();
		$this->copy( $keys[5] );
		sort( $keys );

		$seen  = array();
		$after = '';
		foreach ( range( 1, 3 ) as $number ) {
			$page  = $this->page(
				array(
					'after' => $after,
					'limit' => '2',
				)
			);
			$seen  = array_merge( $seen, array_column( $page['publications'], 'publication_key' ) );
			$after = $page['next'];
			$this->assertSame( $number < 3 ? end( $seen ) : null, $after );
		}
		$this->assertSame( $keys, $seen );
	}

	/**
	 * A publication is described as elsewhere, and its posts are counted.
	 */
	public function test_description(): void {
		$document = $this->document();
		$known    = $this->publish( $document )->get_data();
		$expected = $known + array(
			'posts'               => 1,
			'post_ids'            => array( $known['post_id'] ),
			'in_progress_seconds' => null,
		);
		$this->assertSame( array( $expected ), $this->page()['publications'] );
	}

	/**
	 * Nothing published, nothing listed.
	 */
	public function test_empty(): void {
		$this->assertSame(
			array(
				'publications' => array(),
				'next'         => null,
			),
			$this->page()
		);
	}

	/**
	 * Copies count in whatever status, the trash included; drafts nobody saved and other types do not.
	 */
	public function test_duplicates(): void {
		$document = $this->document();
		$key      = $document['publication_key'];
		$post_id  = $this->publish_well( $document );
		$draft    = $this->copy( $key, array( 'post_status' => 'draft' ) );
		$trashed  = $this->copy( $key );
		wp_trash_post( $trashed );
		$this->copy( $key, array( 'post_status' => 'auto-draft' ) );
		$this->copy( $key, array( 'post_type' => 'page' ) );

		$this->assertSame( array( 3, array( $post_id, $draft, $trashed ) ), array( $this->listed()[ $key ]['posts'], $this->listed()[ $key ]['post_ids'] ) );
		wp_delete_post( $draft, true );
		$this->assertSame( 2, $this->listed()[ $key ]['posts'] );
		$this->assertSame( '2', $this->scalar( "SELECT COUNT(*) FROM {igny8_carriers} WHERE publication_key = '$key'" ) );
	}

	/**
	 * A post whose post was deleted is gone, and nothing carries its key.
	 */
	public function test_gone(): void {
		$document = $this->document();
		wp_delete_post( $this->publish_well( $document ), true );
		$listed = $this->listed()[ $document['publication_key'] ];
		$this->assertSame( array( 'gone', 0 ), array( $listed['post_status'], $listed['posts'] ) );
	}

	/**
	 * What only posts know is listed as the oldest revision there can be.
	 */
	public function test_lost_table(): void {
		$document = $this->document();
		$post_id  = $this->publish_well( $document );
		$this->scalar( 'DROP TABLE {igny8_publications}' );

		$listed = $this->listed()[ $document['publication_key'] ];
		$this->assertSame(
			array( 'done', 0, 0, '', 0, $post_id, 'publish', 1 ),
			array( $listed['state'], $listed['revision'], $listed['fence'], $listed['fingerprint'], $listed['content_id'], $listed['post_id'], $listed['post_status'], $listed['posts'] )
		);
		$this->assertTrue( Database\has_tables() );
		$this->assertSame( $post_id, $this->publish_well( $document ) );
		$this->assertSame( 1, $this->listed()[ $document['publication_key'] ]['revision'] );
	}

	/**
	 * A field that is no key, or is taken off its post, is not listed.
	 */
	public function test_not_our_keys(): void {
		$this->copy( 'no key' );
		$key  = wp_generate_uuid4();
		$post = $this->copy( $key );
		$this->assertSame( array( $key ), array_keys( $this->listed() ) );
		delete_post_meta( $post, Posts\KEY_META );
		$this->assertSame( array(), $this->listed() );
	}

	/**
	 * How long a request has been at work; one that gave up is not at work.
	 */
	public function test_in_progress(): void {
		$document           = $this->document();
		$row                = Claims\new_row( $document );
		$row['reserved_at'] = time() - 700;
		Reservations\insert( $row );
		$listed = $this->listed()[ $document['publication_key'] ];
		$this->assertSame( 'in_progress', $listed['state'] );
		$this->assertGreaterThanOrEqual( 700, $listed['in_progress_seconds'] );

		$this->scalar( 'UPDATE {igny8_publications} SET reserved_at = 0' );
		$this->assertNull( $this->listed()[ $document['publication_key'] ]['in_progress_seconds'] );
	}

	/**
	 * What is no cursor and no limit.
	 *
	 * @return array<string, array{0: array<string, mixed>}>
	 */
	public function malformed(): array {
		return array(
			'limit 0'            => array( array( 'limit' => '0' ) ),
			'limit 201'          => array( array( 'limit' => '201' ) ),
			'limit a word'       => array( array( 'limit' => 'many' ) ),
			'limit a list'       => array( array( 'limit' => array( '5' ) ) ),
			'after no key'       => array( array( 'after' => "' OR 1=1" ) ),
			'after a list'       => array( array( 'after' => array( 'x' ) ) ),
		);
	}

	/**
	 * It is refused.
	 *
	 * @dataProvider malformed
	 * @param array<string, mixed> $query The query parameters.
	 */
	public function test_malformed( array $query ): void {
		$this->assert_refused( 400, 'rest_invalid_param', $this->send( 'GET', '/publications', $query ) );
	}

	/**
	 * A database that does not answer is an error and not an empty site.
	 */
	public function test_unreadable(): void {
		$this->publish_well( $this->document() );
		$this->scalar( 'DROP TABLE {igny8_carriers}' );
		$later = $this->send( 'GET', '/publications', array( 'after' => '00000000-0000-0000-0000-000000000000' ) );
		Database\install();
		$this->assert_refused( 500, 'igny8_read_failed', $later );
	}

	/**
	 * A page asks indexes, however many posts there are.
	 */
	public function test_indexes(): void {
		global $wpdb;
		foreach ( range( 1, 3 ) as $number ) {
			$this->publish_well( $this->document() );
		}
		$seen = array();
		$note = static function ( string $sql ) use ( &$seen ): string {
			$seen[] = $sql;
			return $sql;
		};
		$this->page();
		add_filter( 'query', $note );
		Listing\page( '00000000-0000-0000-0000-000000000000', 2 );
		remove_filter( 'query', $note );

		$this->assertNotEmpty( $seen );
		foreach ( $seen as $sql ) {
			$this->assertStringNotContainsString( 'meta_value =', $sql );
			foreach ( $wpdb->get_results( "EXPLAIN $sql" ) as $step ) {
				$this->assertNotNull( $step->possible_keys, $sql );
			}
		}
	}
}
