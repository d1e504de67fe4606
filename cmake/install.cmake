# find_package(silk) and pkg-config work after `cmake --install`.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# CMakeLists.txt promises include/silk/api and scheduler/ beside it.
install(DIRECTORY api scheduler DESTINATION include/silk FILES_MATCHING PATTERN "*.hpp")
install(TARGETS silk EXPORT silkTargets)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/silk)
install(EXPORT silkTargets NAMESPACE silk:: DESTINATION ${package_dir})

configure_package_config_file(cmake/silkConfig.cmake.in ${PROJECT_BINARY_DIR}/silkConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/silkConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(
  FILES ${PROJECT_BINARY_DIR}/silkConfig.cmake ${PROJECT_BINARY_DIR}/silkConfigVersion.cmake
        cmake/gcc12_coroutines.cmake cmake/gcc12_coroutines.cpp
  DESTINATION ${package_dir})

# Relative to the .pc file, so that the installed tree may be moved or staged.
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH prefix_from_pkgconfig /prefix/${pkgconfig_dir} /prefix)
configure_file(cmake/silk.pc.in silk.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/silk.pc DESTINATION ${pkgconfig_dir})
