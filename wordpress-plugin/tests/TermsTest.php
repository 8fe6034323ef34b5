<?php
/**
 * Categories and tags.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

use Igny8\Bridge\Locks;
use Igny8\Bridge\Terms;

/**
 * Terms are found or made, once.
 */
final class TermsTest extends BridgeTestCase {

	/**
	 * The names of a post's terms, each with its ancestors.
	 *
	 * @param int    $post_id  The post id.
	 * @param string $taxonomy The taxonomy.
	 * @return string[]
	 */
	private function paths( int $post_id, string $taxonomy ): array {
		$paths = array();
		foreach ( wp_get_post_terms( $post_id, $taxonomy ) as $term ) {
			$names = array( $term->name );
			while ( $term->parent > 0 ) {
				$term = get_term( $term->parent, $taxonomy );
				array_unshift( $names, $term->name );
			}
			$paths[] = implode( ' > ', $names );
		}
		sort( $paths );
		return $paths;
	}

	/**
	 * Missing terms are made, parents first; a plain string is a path of one.
	 */
	public function test_missing_terms_are_made(): void {
		$post_id = $this->publish_well(
			$this->document(
				array(
					'categories' => array( 'Plain', array( 'Places', 'Berlin' ), array( 'Bands', 'Berlin' ) ),
					'tags'       => array( 'one', 'two' ),
				)
			)
		);
		$this->assertSame( array( 'Bands > Berlin', 'Places > Berlin', 'Plain' ), $this->paths( $post_id, 'category' ) );
		$this->assertSame( array( 'one', 'two' ), $this->paths( $post_id, 'post_tag' ) );
	}

	/**
	 * Names that are the same to WordPress.
	 *
	 * @return array<string, array{0: string, 1: string}>
	 */
	public function same_names(): array {
		return array(
			'the same'        => array( 'Some Name', 'Some Name' ),
			'ampersand'       => array( 'R&D', 'R&D' ),
			'stored ampersand' => array( 'R&amp;D', 'R&D' ),
			'other case'      => array( 'Berlin', 'BERLIN' ),
			'spaces around'   => array( 'Berlin', '  Berlin ' ),
			'quotes'          => array( 'The "best" of it\'s', 'The "best" of it\'s' ),
			'umlauts'         => array( 'Über uns', 'Über uns' ),
			'backslash'       => array( 'A\\B', 'A\\B' ),
			'less than'       => array( 'a < b', 'a < b' ),
			'emoji'           => array( "Go \u{1F680}", "Go \u{1F680}" ),
		);
	}

	/**
	 * They make one term.
	 *
	 * @dataProvider same_names
	 * @param string $first  The first name.
	 * @param string $second The second.
	 */
	public function test_same_names( string $first, string $second ): void {
		foreach ( array( 'category', 'post_tag' ) as $taxonomy ) {
			$ids = array_merge( Terms\ids_of( array( array( $first ) ), $taxonomy ), Terms\ids_of( array( array( $second ) ), $taxonomy ) );
			$this->assertCount( 2, $ids );
			$this->assertSame( $ids[0], $ids[1] );
		}
	}

	/**
	 * Names that the database alone would mix up.
	 */
	public function test_different_names(): void {
		$ids = Terms\ids_of( array( array( 'Café' ), array( 'Cafe' ), array( 'Foo' ), array( 'Foo!' ) ), 'category' );
		$this->assertCount( 4, array_unique( $ids ) );
	}

	/**
	 * A term that a person made is used.
	 */
	public function test_existing_terms_are_used(): void {
		$made = wp_insert_term( 'R&D of a person', 'category' );
		$this->assertSame( array( $made['term_id'] ), Terms\ids_of( array( array( 'R&D of a person' ) ), 'category' ) );
	}

	/**
	 * Empty and overlong names harm nobody.
	 */
	public function test_odd_names(): void {
		$long    = str_repeat( 'x', 300 );
		$post_id = $this->publish_well(
			$this->document(
				array(
					'categories' => array( '', array(), array( '', 'Under nothing' ) ),
					'tags'       => array( ' ', $long, '0' ),
				)
			)
		);
		$this->assertSame( array( 'Under nothing' ), $this->paths( $post_id, 'category' ) );
		$this->assertSame( array( '0', substr( $long, 0, 200 ) ), $this->paths( $post_id, 'post_tag' ) );
	}

	/**
	 * A revision brings its own terms; without any the post has the default category.
	 */
	public function test_update_replaces_terms(): void {
		$document = $this->document(
			array(
				'categories' => array( 'Before' ),
				'tags'       => array( 'before' ),
			)
		);
		$post_id  = $this->publish_well( $document );
		$this->publish_well(
			array(
				'revision'   => 2,
				'categories' => array(),
				'tags'       => array(),
			) + $document
		);
		$this->assertSame( array( (int) get_option( 'default_category' ) ), wp_get_post_categories( $post_id ) );
		$this->assertSame( array(), $this->paths( $post_id, 'post_tag' ) );
	}

	/**
	 * A lock runs the work, gives back its result, and leaves nothing behind.
	 */
	public function test_lock(): void {
		$this->assertSame( 5, Locks\with_lock( 'test', static fn(): int => 5 ) );
		$this->assertSame( '0', $this->scalar( "SELECT COUNT(*) FROM {options} WHERE option_name = 'igny8_lock_test'" ) );
	}

	/**
	 * A lock is held by one, and taken from one who died.
	 */
	public function test_lock_is_taken_over_when_expired(): void {
		$option = Locks\PREFIX . 'test';
		$this->assertTrue( Locks\insert( $option, ( time() + 30 ) . ':a' ) );
		$this->assertFalse( Locks\insert( $option, ( time() + 30 ) . ':b' ) );
		$this->assertFalse( Locks\take_over( $option, ( time() + 30 ) . ':b' ) );

		$this->scalar( "UPDATE {options} SET option_value = '1:dead' WHERE option_name = '$option'" );
		$token = ( time() + 30 ) . ':b';
		$this->assertTrue( Locks\take_over( $option, $token ) );
		Locks\release( $option, '1:dead' );
		$this->assertFalse( Locks\insert( $option, $token ) );
		Locks\release( $option, $token );
		$this->assertSame( '0', $this->scalar( "SELECT COUNT(*) FROM {options} WHERE option_name = '$option'" ) );
	}
}
