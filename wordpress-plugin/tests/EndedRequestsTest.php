<?php
/**
 * Hooks of other plugins that die, or send the browser elsewhere, in the middle of a publish.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

/**
 * As hooks that throw: before the text is stored it failed, and after it did not.
 */
final class EndedRequestsTest extends BridgeTestCase {

	/**
	 * What a hook may do.
	 *
	 * @return array<string, array{0: callable}>
	 */
	public function ways(): array {
		return array(
			'a nonce of a form is missing' => array( static fn() => check_admin_referer( 'my-form' ) ),
			'it dies'                      => array( static fn() => wp_die( 'Not allowed', 403 ) ),
			'a browser is sent elsewhere'  => array( static fn() => wp_safe_redirect( admin_url() ) ),
		);
	}

	/**
	 * Once the text is stored nothing is told of it.
	 *
	 * @dataProvider ways
	 * @param callable $end Ends the request.
	 */
	public function test_after_the_text( callable $end ): void {
		$document = $this->document();
		add_action( 'publish_post', $end );
		$answer = $this->publish( $document );
		remove_action( 'publish_post', $end );

		$this->assertSame( array( 201, 'done', 'publish' ), array( $answer->get_status(), $answer->get_data()['state'], $answer->get_data()['post_status'] ) );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
	}

	/**
	 * Before, it is told in the hook's own words, and nothing is public.
	 */
	public function test_before_the_text(): void {
		$document = $this->document();
		$die      = static fn() => wp_die( '<b>Not</b> allowed' );
		add_action( 'pre_post_update', $die );
		$answer   = $this->publish( $document );
		remove_action( 'pre_post_update', $die );

		$this->assert_refused( 500, 'igny8_write_failed', $answer );
		$this->assertStringContainsString( 'Not allowed', $answer->get_data()['message'] );
		$this->publish_well( $document );
		$this->assertSame( 1, $this->count_posts( $document['publication_key'] ) );
	}

	/**
	 * Only a publish is kept open.
	 */
	public function test_not_for_others(): void {
		$this->publish_well( $this->document() );
		$this->assertFalse( has_filter( 'wp_redirect' ) );
	}
}
