</main>
<footer class="site-footer wrap">WordPress <?php echo esc_html( $GLOBALS['wp_version'] ); ?></footer>
<?php wp_footer(); ?>
</body>
</html>
