<?php
/**
 * A database that takes no rows (its disk is full, it may only be read) is not told as somebody else's work.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use WP_REST_Response;

/**
 * Every reservation.
 */
final class RefusedWritesTest extends BridgeTestCase {

	/**
	 * What is published already.
	 *
	 * @var array<string, mixed>
	 */
	private $known;

	/**
	 * A published post.
	 */
	protected function setUp(): void {
		parent::setUp();
		$this->known = $this->document();
		$this->publish_well( $this->known );
	}

	/**
	 * What is sent, and what the database refuses of it.
	 *
	 * @return array<string, array{0: string, 1: callable}>
	 */
	public function writes(): array {
		$newer = array(
			'revision' => 2,
			'fence'    => 2,
		);
		return array(
			'new key'     => array( '/^\s*INSERT IGNORE INTO \S*igny8_publications/', fn() => $this->publish( $this->document() ) ),
			'known key'   => array( '/^\s*UPDATE \S*igny8_publications\S* SET state/', fn() => $this->publish( $newer + $this->known ) ),
			'new picture' => array( '/^INSERT IGNORE INTO \S*igny8_media/', fn() => $this->push( $this->picture() ) ),
		);
	}

	/**
	 * The answer says who refused, and the same request goes through when the database is well again.
	 *
	 * @dataProvider writes
	 * @param string   $refused What the database refuses.
	 * @param callable $write   Sends the request.
	 */
	public function test_refused( string $refused, callable $write ): void {
		$write  = $write->bindTo( $this, self::class );
		$answer = $this->while_broken( $refused, $write );

		$this->assert_refused( 500, 'igny8_write_failed', $answer );
		$this->assertStringContainsString( 'database refused', $answer->get_data()['message'] );
		$this->assertContains( $write()->get_status(), array( 200, 201 ) );
	}

	/**
	 * A post without the field that says whose it is would be found by nobody: there is none, and the next request makes one.
	 */
	public function test_field_of_the_key(): void {
		$document = $this->document();
		$answer   = $this->while_broken( '/^INSERT INTO \S*postmeta.*_igny8_publication_key/s', fn(): WP_REST_Response => $this->publish( $document ) );

		$this->assert_refused( 500, 'igny8_write_failed', $answer );
		$this->assertSame( '0', $this->scalar( "SELECT COUNT(*) FROM {posts} WHERE post_title = '{$document['title']}'" ) );
		$this->publish_well( $document );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
	}
}
