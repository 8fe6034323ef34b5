<?php
/**
 * Text arrives as it was sent.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Tests;

/**
 * Bytes, and what WordPress's filter for visitors cuts.
 */
final class ContentTest extends BridgeTestCase {

	/**
	 * What must come through unchanged.
	 *
	 * @return array<string, array{0: string}>
	 */
	public function faithful_content(): array {
		return array(
			'backslashes'      => array( '<p>C:\\new\\table \\\\server \\" \\\' \\u00e9 \\0</p>' ),
			'emoji'            => array( "<p>\u{1F600} \u{1F469}\u{200D}\u{1F680} \u{1F1E9}\u{1F1EA}</p>" ),
			'quotes'           => array( '<p>"double" \'single\' “curly” ‘curly’</p>' ),
			'entities'         => array( '<p>R&amp;D &lt;tag&gt; &nbsp; &#8217;</p>' ),
			'other scripts'    => array( '<p>日本語 العربية Ελληνικά ñ é e&#x301;</p>' ),
			'percent signs'    => array( '<p>100% %s %1$d {x} %%title%%</p>' ),
			'table'            => array( '<table><thead><tr><th scope="col">A</th></tr></thead><tbody><tr><td colspan="2" rowspan="1">B</td></tr></tbody></table>' ),
			'figure and image' => array( '<figure><img src="https://example.com/a.jpg" alt="Alt &amp; text" width="640" height="480" /><figcaption>Caption</figcaption></figure>' ),
			'code'             => array( "<pre><code class=\"language-php\">if ( \$a &lt; 1 ) {\n\techo '\\n';\n}</code></pre>" ),
			'blockquote'       => array( '<blockquote cite="https://example.com/"><p>Said.</p></blockquote>' ),
			'lists and links'  => array( '<ul><li><a href="https://example.com/?a=1&amp;b=2" title="T">x</a></li></ul><ol start="3"><li>y</li></ol>' ),
			'headings'         => array( '<h2 id="a">A</h2><h3>B</h3><hr /><p>x<br />y <em>z</em> <strong>w</strong> <sub>1</sub></p>' ),
			'shortcode'        => array( '<p>[not_a_shortcode x="1"]</p>' ),
			'long'             => array( '<p>' . str_repeat( 'Long text. ', 60000 ) . '</p>' ),
			'empty'            => array( '' ),
		);
	}

	/**
	 * It does.
	 *
	 * @dataProvider faithful_content
	 * @param string $content The content.
	 */
	public function test_content_is_kept_byte_for_byte( string $content ): void {
		$post_id = $this->publish_well( $this->document( array( 'content_html' => $content ) ) );
		clean_post_cache( $post_id );
		$this->assertSame( $content, get_post( $post_id )->post_content );
	}

	/**
	 * Scripts do not come through: nobody is logged in, so WordPress filters.
	 */
	public function test_script_is_cut(): void {
		$post_id = $this->publish_well( $this->document( array( 'content_html' => '<p onclick="x()">a</p><script>b</script><iframe src="https://example.com/"></iframe>' ) ) );
		$this->assertSame( '<p>a</p>b', get_post( $post_id )->post_content );
	}

	/**
	 * Titles as they are sent, stored and answered.
	 *
	 * @return array<string, array{0: string, 1: string}>
	 */
	public function titles(): array {
		return array(
			'plain'       => array( 'A title', 'A title' ),
			'backslashes' => array( 'C:\\new "x"', 'C:\\new "x"' ),
			'ampersand'   => array( 'R&D', 'R&amp;D' ),
			'emoji'       => array( "Rocket \u{1F680}", "Rocket \u{1F680}" ),
			'quotes'      => array( "It's “it”", "It's “it”" ),
		);
	}

	/**
	 * The answer has the title that was sent.
	 *
	 * @dataProvider titles
	 * @param string $sent   The title.
	 * @param string $stored As WordPress keeps it.
	 */
	public function test_title( string $sent, string $stored ): void {
		$data = $this->publish( $this->document( array( 'title' => $sent ) ) )->get_data();
		$this->assertSame( array( $stored, $sent ), array( get_post( $data['post_id'] )->post_title, $data['post_title'] ) );
	}

	/**
	 * The excerpt keeps its backslashes as well.
	 */
	public function test_excerpt(): void {
		$post_id = $this->publish_well( $this->document( array( 'excerpt' => "Short \\n \u{1F600}" ) ) );
		$this->assertSame( "Short \\n \u{1F600}", get_post( $post_id )->post_excerpt );
	}

	/**
	 * Two posts that want one slug get two.
	 */
	public function test_same_slug(): void {
		$first  = $this->publish_well( $this->document( array( 'slug' => 'wanted-by-two' ) ) );
		$second = $this->publish_well( $this->document( array( 'slug' => 'wanted-by-two' ) ) );
		$this->assertSame( array( 'wanted-by-two', 'wanted-by-two-2' ), array( get_post( $first )->post_name, get_post( $second )->post_name ) );
	}

	/**
	 * The author can be chosen by the site.
	 */
	public function test_author_filter(): void {
		add_filter( 'igny8_post_author', static fn(): int => 0 );
		$this->assertSame( '0', get_post( $this->publish_well( $this->document() ) )->post_author );
	}
}
