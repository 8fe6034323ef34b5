<?php
/**
 * A database that fails at reading posts is not taken for a site without them.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use WP_REST_Response;

/**
 * Every route that would say `gone`.
 */
final class UnreadableTest extends BridgeTestCase {

	const READS_OF_POSTS  = '/^\s*SELECT .*FROM `?\w+posts`?\s+WHERE/s';
	const READS_OF_ROWS   = '/^\s*SELECT .*FROM `?\w+igny8_publications`?\s+WHERE publication_key/s';
	const READS_OF_FIELDS = '/^\s*SELECT (post_id|m\.post_id).*FROM `?\w+postmeta/s';

	/**
	 * The document of a published post.
	 *
	 * @var array<string, mixed>
	 */
	private $document;

	/**
	 * That post.
	 *
	 * @var int
	 */
	private $post_id;

	/**
	 * A published post, noted as one that carries its key.
	 */
	protected function setUp(): void {
		parent::setUp();
		$this->document = $this->document();
		$this->post_id  = $this->publish_well( $this->document );
		$this->send( 'GET', '/publications', array( 'limit' => '10' ) );
	}

	/**
	 * What is asked.
	 *
	 * @return array<string, array{0: callable}>
	 */
	public function requests(): array {
		$update  = array(
			'revision' => 2,
			'fence'    => 2,
		);
		$restore = $update + array( 'restore' => true );
		$after   = array( 'after' => '00000000-0000-0000-0000-000000000000' );
		return array(
			'update'     => array( fn() => $this->publish( $update + $this->document ) ),
			'restore'    => array( fn() => $this->publish( $restore + $this->document ) ),
			'one key'    => array( fn() => $this->send( 'GET', '/publications/' . $this->document['publication_key'] ) ),
			'some keys'  => array( fn() => $this->send( 'GET', '/publications', array( 'keys' => $this->document['publication_key'] ) ) ),
			'listing'    => array( fn() => $this->send( 'GET', '/publications', $after ) ),
			'post state' => array( fn() => $this->send( 'GET', '/post-state', array( 'post_ids' => (string) $this->post_id ) ) ),
		);
	}

	/**
	 * It is an error, nothing is written, and the site is as before once the database is.
	 *
	 * @dataProvider requests
	 * @param callable $ask Sends the request.
	 */
	public function test_posts( callable $ask ): void {
		$refused = $this->while_broken( self::READS_OF_POSTS, $ask->bindTo( $this, self::class ) );

		$this->assert_refused( 500, 'igny8_read_failed', $refused );
		$this->assert_all_as_before();
	}

	/**
	 * Rows of our own that cannot be read are no keys that nobody knows.
	 */
	public function test_rows(): void {
		foreach ( array( 'one key', 'some keys' ) as $name ) {
			$refused = $this->while_broken( self::READS_OF_ROWS, $this->requests()[ $name ][0]->bindTo( $this, self::class ) );
			$this->assert_refused( 500, 'igny8_read_failed', $refused );
		}
		$this->assert_all_as_before();
	}

	/**
	 * Fields that cannot be read take no post off the listing.
	 */
	public function test_fields(): void {
		$after   = array( 'after' => '00000000-0000-0000-0000-000000000000' );
		$refused = $this->while_broken( self::READS_OF_FIELDS, fn(): WP_REST_Response => $this->send( 'GET', '/publications', $after ) );

		$this->assert_refused( 500, 'igny8_read_failed', $refused );
		$this->assert_all_as_before();
	}

	/**
	 * One post, one note of it, and a row that says the first revision.
	 */
	private function assert_all_as_before(): void {
		$key    = $this->document['publication_key'];
		$listed = $this->send( 'GET', '/publications', array( 'limit' => '10' ) )->get_data()['publications'];
		$this->assertSame( '1', $this->scalar( "SELECT COUNT(*) FROM {igny8_carriers} WHERE publication_key = '$key'" ) );
		$this->assertSame( array( array( 'done', 1, 'publish', 1 ) ), array_map( static fn( array $each ): array => array( $each['state'], $each['revision'], $each['post_status'], $each['posts'] ), $listed ) );
	}
}
